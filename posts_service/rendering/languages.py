"""The programming languages that code in a post is highlighted in.

A short list rather than the hundreds of pygments: every lexer is a set of regular expressions that strangers send text
to, and the sanitizer lets no other class through on `<code>`.
"""

from typing import Final

# language: (module of pygments.lexers, class of the lexer, further names after the fence)
_LEXERS: Final[dict[str, tuple[str, str, str]]] = {
    "bash": ("shell", "BashLexer", "sh shell zsh"),
    "c": ("c_cpp", "CLexer", "h"),
    "console": ("shell", "BashSessionLexer", "shell-session"),
    "cpp": ("c_cpp", "CppLexer", "c++ hpp"),
    "csharp": ("dotnet", "CSharpLexer", "c# cs"),
    "css": ("css", "CssLexer", ""),
    "diff": ("diff", "DiffLexer", "patch"),
    "dockerfile": ("configs", "DockerLexer", "docker"),
    "elixir": ("erlang", "ElixirLexer", "ex exs"),
    "go": ("go", "GoLexer", "golang"),
    "haskell": ("haskell", "HaskellLexer", "hs"),
    "html": ("html", "HtmlLexer", "htm"),
    "http": ("textfmts", "HttpLexer", ""),
    "ini": ("configs", "IniLexer", "cfg"),
    "java": ("jvm", "JavaLexer", ""),
    "javascript": ("javascript", "JavascriptLexer", "js jsx mjs node"),
    "json": ("data", "JsonLexer", ""),
    "kotlin": ("jvm", "KotlinLexer", "kt"),
    "lua": ("scripting", "LuaLexer", ""),
    "makefile": ("make", "MakefileLexer", "make"),
    "nginx": ("configs", "NginxConfLexer", ""),
    "perl": ("perl", "PerlLexer", "pl"),
    "php": ("php", "PhpLexer", ""),
    "powershell": ("shell", "PowerShellLexer", "ps1"),
    "python": ("python", "PythonLexer", "py python3"),
    "r": ("r", "SLexer", ""),
    "ruby": ("ruby", "RubyLexer", "rb"),
    "rust": ("rust", "RustLexer", "rs"),
    "scala": ("jvm", "ScalaLexer", ""),
    "sql": ("sql", "SqlLexer", "postgres postgresql"),
    "swift": ("objective", "SwiftLexer", ""),
    "toml": ("configs", "TOMLLexer", ""),
    "typescript": ("javascript", "TypeScriptLexer", "ts tsx"),
    "xml": ("html", "XmlLexer", "svg"),
    "yaml": ("data", "YamlLexer", "yml"),
}

LANGUAGES: Final = {language: (f"pygments.lexers.{module}", lexer) for language, (module, lexer, _) in _LEXERS.items()}

_NAMES: Final = {name: language for language, (_, _, others) in _LEXERS.items() for name in (language, *others.split())}


def find_language(name: str) -> str | None:
    """The language that is called so after a fence."""
    return _NAMES.get(name.lower())
