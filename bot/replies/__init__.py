"""Every word that people read: one place, plain English, ready for another language.

Functions where a fact goes in. Facts come in as they are and are made safe here (`text.code`); what already is
markup of ours (mentions, dates) is named so. A module for each topic; everybody else says `replies.NAME`, so no two
sentences have one name. What must never live here: a decision, or Block Kit.
"""

from bot.replies.accesses import *
from bot.replies.asking import *
from bot.replies.changing import *
from bot.replies.controls import *
from bot.replies.deciding import *
from bot.replies.delegating import *
from bot.replies.endings import *
from bot.replies.fields import *
from bot.replies.forecast import *
from bot.replies.giving_up import *
from bot.replies.lines import *
from bot.replies.lives import *
from bot.replies.overviews import *
from bot.replies.pending import *
from bot.replies.refusals import *
from bot.replies.room import *
from bot.replies.terms import *
from bot.replies.upgrading import *
