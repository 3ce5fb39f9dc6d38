"""Texts in which nothing can be seen, and texts that need characters which cannot be seen alone."""

INVISIBLE = {
    "a zero width space": "\u200b",
    "a joiner and a non-joiner": "\u200d\u200c",
    "a word joiner": "\u2060",
    "a soft hyphen": "\u00ad",
    "a byte order mark": "\ufeff",
    "variation selectors": "\ufe0f\U000e0101",
    "a grapheme joiner": "\u034f",
    "tag characters": "\U000e0041\U000e007f",
    "marks without a letter": "\u0301\u0e31",
    "a blank of Braille": "\u2800",
    "a Hangul filler": "\u3164",
    "a narrow Hangul filler": "\uffa0",
    "fillers of Hangul syllables": "\u115f\u1160",
    "a note without a head": "\U0001d159",
    "vowels of Khmer without a form": "\u17b4\u17b5",
    "code points that are reserved for these": "\u2065\ufff0\U000e0fff",
    "several with white space between": "\u200b \u3000\u2060\n\u00a0\u3164",
}
JOINED = {
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "a flag of tag characters": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a heart": "\u2764\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "Persian": "می\u200cخواهم",
    "Hindi": "क\u094d\u200dष",
    "Thai": "ก\u0e31น",
    "a soft hyphen in a word": "loom\u00ading",
    "old Hangul": "\u115f\u1161",
    "invisible ends": "\u200bwoven\u2060",
    "Braille": "\u2800\u2801",
}
