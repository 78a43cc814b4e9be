// What we send to Slack, in its own types. Their views may hold any block; ours hold only those that are known.
import type { HomeView, KnownBlock, ModalView, Option, OptionGroup } from '@slack/types';

export interface SentMessage { text?: string; blocks?: KnownBlock[] }
export type SentModal = Omit<ModalView, 'blocks'> & { blocks: KnownBlock[] };
export type SentHome = Omit<HomeView, 'blocks'> & { blocks: KnownBlock[] };
export interface SentOptions { options?: Option[]; option_groups?: OptionGroup[] }
