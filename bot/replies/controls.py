"""What buttons and shortcuts say, and what a screen reader says of each: about which cluster it is."""

from __future__ import annotations

APPROVE = "Approve"
DENY = "Deny…"
DENY_NOW = "Deny"
WITHDRAW = "Withdraw"
WITHDRAW_TITLE = "Withdraw this request?"
KEEP = "Keep it"
CANCEL = "Cancel"
CLOSE = "Close"
SUBMIT = "Ask for it"
DELETE = "Delete"
SHORTCUT_CREATE = "New cluster"
SHORTCUT_LIST = "My clusters"
SHORTCUT_REQUESTS = "My requests"
GO_ON = "Go on"
NUDGE = "Nudge"
EDIT = "Edit"
ASK_AGAIN = "Ask again"
ASK_QUESTION = "Ask a question"
ANSWER = "Answer"
SEND = "Send"
LIST_SPOKEN = "List all clusters of your tenants"
REQUESTS_SPOKEN = "Show your requests"
GET_ACCESS = "Get access"
REVOKE = "Revoke"
RENEW = "Renew"
CREATE_SPOKEN = "Ask for a new cluster"
HELP_SPOKEN = "Say what clusterdesk can do"
EXTEND = "Extend"
SCALE = "Scale"
HIBERNATE = "Hibernate"
RESIZE = "Resize"
UPGRADE = "Upgrade"
CHOOSE_ADD_ONS = "Add-ons"
PROTECT = "Protect"
WAKE = "Wake"
SKIP_SLEEP = "Skip tonight's sleep"
RETRY = "Retry"
SMALLER = "Smaller size"
DELETE_FORM = "Delete…"
DETAILS = "Details"
LET_GO = "Let it go"
ONE_MORE = "Ask for one like it"
TAKE_BACK_VOTE = "Take back my vote"
BREAK_GLASS = "Break the glass…"
BREAK_GLASS_NOW = "Take it through"


def approve_spoken(cluster: str) -> str:
    return f"Approve the request about cluster {cluster}"


def deny_spoken(cluster: str) -> str:
    return f"Deny the request about cluster {cluster}, with a reason"


def withdraw_spoken(cluster: str) -> str:
    return f"Withdraw your request about cluster {cluster}"


def withdraw_question(cluster: str, *, in_line: bool) -> str:
    """`in_line`: it is approved, and waits for room."""
    lost = f"{cluster} loses its place in line." if in_line else f"Nobody will be asked about {cluster} any more."
    return f"{lost} You can ask again later."


def nudge_spoken(cluster: str) -> str:
    return f"Remind everybody of your request about cluster {cluster}"


def edit_spoken(cluster: str) -> str:
    return f"Change your request about cluster {cluster}"


def again_spoken(cluster: str) -> str:
    return f"Ask again for what you wanted of cluster {cluster}"


def question_spoken(cluster: str) -> str:
    return f"Ask a question about the request for cluster {cluster}"


def answer_spoken(cluster: str) -> str:
    return f"Answer the question about your request for cluster {cluster}"


def get_access_spoken(cluster: str) -> str:
    return f"Get access to cluster {cluster}"


def renew_spoken(cluster: str) -> str:
    return f"Renew your access to {cluster}: opens the form"


def revoke_spoken(cluster: str, user: str) -> str:
    return f"Revoke the access of {user} to cluster {cluster}"


def details_spoken(cluster: str) -> str:
    return f"Show all about the request for cluster {cluster}"


def extend_by(span: str) -> str:
    return f"Extend {span}"


def extend_spoken(cluster: str, span: str) -> str:
    return f"Let cluster {cluster} live {span} longer"


def extend_form_spoken(cluster: str) -> str:
    return f"Choose how much longer cluster {cluster} lives"


def scale_spoken(cluster: str) -> str:
    return f"Change the number of workers of cluster {cluster}"


def resize_spoken(cluster: str) -> str:
    return f"Change the size of the workers of cluster {cluster}"


def upgrade_spoken(cluster: str) -> str:
    return f"Bring cluster {cluster} to another Kubernetes version"


def add_ons_spoken(cluster: str) -> str:
    return f"Choose what is installed into cluster {cluster}"


def protect_spoken(cluster: str) -> str:
    return f"Keep cluster {cluster} from being deleted"


def skip_spoken(cluster: str) -> str:
    return f"Keep cluster {cluster} awake through its next sleep, once"


def hibernate_spoken(cluster: str) -> str:
    return f"Put cluster {cluster} to sleep"


def wake_spoken(cluster: str) -> str:
    return f"Wake cluster {cluster}"


def delete_spoken(cluster: str) -> str:
    return f"Delete cluster {cluster}, after typing its name"


def retry_spoken(cluster: str) -> str:
    return f"Try again to set up cluster {cluster}"


def smaller_spoken(cluster: str) -> str:
    return f"Choose a smaller size for the workers of cluster {cluster}"


def all_spoken(cluster: str) -> str:
    return f"Show all that is known of cluster {cluster}"


def let_go_spoken(cluster: str) -> str:
    return f"Let the life of cluster {cluster} end as planned"


def one_more_spoken(cluster: str) -> str:
    return f"Ask for a new cluster like {cluster}"


def take_back_spoken(cluster: str) -> str:
    return f"Take back your vote on the request about cluster {cluster}"


def break_glass_spoken(cluster: str) -> str:
    return f"Take the request about cluster {cluster} through alone, in an emergency"
