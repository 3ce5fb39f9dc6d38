"""Apache with mod_auth_openidc in front of a page, on a port of this machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.processes import end_children, start_child
from tests.support.needed import need
from tests.support.stack import await_answer

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "env", "headers"),
    "auth_openidc",
)
CONFIGURATION = """
ServerRoot "{root}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{root}/pid"
ErrorLog "{root}/errors.log"
LogLevel warn auth_openidc:info
DocumentRoot "{root}/pages"
{user}

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI {home}/page/callback
OIDCDefaultLoggedOutURL {home}/
OIDCCryptoPassphrase only-for-this-run
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg RS256
OIDCRemoteUserClaim preferred_username
OIDCInfoHook access_token id_token userinfo session

<Directory "{root}/pages">
  Require all granted
</Directory>
<Location "/page">
  AuthType openid-connect
  Require valid-user
  Header set X-Signed-In expr=%{{REMOTE_USER}}
</Location>
"""


@contextmanager
def apache(issuer: str, client_id: str, secret: str, home: str) -> Iterator[Path]:
    """Serve a page at `<home>/page/` for those who are signed in. Gives the file with the log of errors."""
    # Debian puts it into a folder that is in the search path of root alone.
    program = shutil.which("apache2", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    has_module = (MODULES / "mod_auth_openidc.so").exists()
    need(program and has_module, "no mod_auth_openidc; on Debian: apt install apache2-bin libapache2-mod-auth-openidc")
    # Not in a folder of pytest, into which only its owner can look: a server that root starts becomes somebody else.
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "pages/page").mkdir(parents=True)
        (root / "pages/index.html").write_text("Everybody may read this.")
        (root / "pages/page/index.html").write_text("Only for people who are signed in.")
        modules = "\n".join(f'LoadModule {name}_module "{MODULES}/mod_{name}.so"' for name in NEEDED)
        text = CONFIGURATION.format(
            root=root,
            port=home.rpartition(":")[2],
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            issuer=issuer,
            client_id=client_id,
            secret=secret,
            home=home,
        )
        (root / "apache.conf").write_text(modules + text)
        command = [str(program), "-f", str(root / "apache.conf"), "-D", "FOREGROUND"]
        child = start_child("apache", command, root / "output.log", environment=dict(os.environ))
        try:
            await_answer(child, f"{home}/")
            yield root / "errors.log"
        finally:
            end_children([child])
