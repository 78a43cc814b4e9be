"""The emoji names the desk may meet, as characters. An unknown name is shown as it was written."""

# ruff: noqa: RUF001 - the look-alikes are the point
from __future__ import annotations

NAMES = {
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "no_entry": "⛔", "no_entry_sign": "🚫",
    "warning": "⚠️", "rotating_light": "🚨", "bell": "🔔", "no_bell": "🔕", "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳", "stopwatch": "⏱️", "clock1": "🕐", "calendar": "📆", "building_construction": "🏗️",
    "construction": "🚧", "hammer_and_wrench": "🛠️", "wrench": "🔧", "gear": "⚙️", "rocket": "🚀", "tada": "🎉",
    "wave": "👋", "eyes": "👀", "lock": "🔒", "unlock": "🔓", "key": "🔑", "shield": "🛡️", "wastebasket": "🗑️",
    "zzz": "💤", "sunrise": "🌅", "moon": "🌔", "large_green_circle": "🟢", "large_yellow_circle": "🟡",
    "large_orange_circle": "🟠", "red_circle": "🔴", "large_blue_circle": "🔵", "white_circle": "⚪",
    "black_circle": "⚫", "arrows_counterclockwise": "🔄", "arrow_up": "⬆️", "arrow_down": "⬇️", "arrow_right": "➡️",
    "heavy_plus_sign": "➕", "heavy_minus_sign": "➖", "bar_chart": "📊", "chart_with_upwards_trend": "📈",
    "moneybag": "💰", "cloud": "☁️", "computer": "💻", "package": "📦", "memo": "📝", "clipboard": "📋",
    "speech_balloon": "💬", "question": "❓", "exclamation": "❗", "information_source": "ℹ️", "bulb": "💡",
    "+1": "👍", "-1": "👎", "thumbsup": "👍", "thumbsdown": "👎", "fire": "🔥", "sparkles": "✨", "ship": "🚢",
    "wheel_of_dharma": "☸️", "house": "🏠", "busts_in_silhouette": "👥", "bust_in_silhouette": "👤", "mag": "🔍",
    "link": "🔗", "pushpin": "📌", "battery": "🔋", "snowflake": "❄️", "boom": "💥", "robot_face": "🤖",
}  # fmt: skip
