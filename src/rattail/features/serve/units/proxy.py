"""What to put into the configuration of nginx or Caddy, and of logrotate."""

from __future__ import annotations

from rattail.config.site_address import PublicUrl
from rattail.features.serve.units.machine import Machine, Web

_NGINX = """\
# Written by rattail make-units, for nginx: a server that passes everything on to the web application.
# The address that the browser used, the one it comes from, and whether it came over TLS are told the application;
# what a browser says of these itself is overwritten.
server {{
{listen}
    server_name {host};

    client_max_body_size {body}m;
    client_body_timeout 30s;
    client_header_timeout 15s;
    server_tokens off;

    location / {{
        proxy_pass http://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host "";
        proxy_set_header Forwarded "";
        proxy_request_buffering on;
        proxy_connect_timeout 10s;
        proxy_read_timeout 120s;
        proxy_next_upstream off;
    }}
}}
"""
_NGINX_TLS = """\
    listen {port} ssl;
    listen [::]:{port} ssl;
    # Where certbot keeps the certificate; for one of your own, write its place here:
    ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;"""
_NGINX_TO_TLS = """\
# Written by rattail make-units, for nginx: shows who issues certificates that this host is yours, and sends everybody
# else to {origin}. It needs no certificate itself. Where there is none yet:
#     sudo certbot certonly --webroot --webroot-path /var/www/html --domain {host}
# The web application itself is in {unit}-tls.nginx.conf: nginx takes that once the certificate is there.
server {{
    listen 80;
    listen [::]:80;
    server_name {host};
    server_tokens off;

    location /.well-known/acme-challenge/ {{
        root /var/www/html;
    }}
    location / {{
        return 301 {origin}$request_uri;
    }}
}}
"""
_CADDY = """\
# Written by rattail make-units, for Caddy, which fetches a certificate by itself, and by itself tells the application
# where a request comes from; what a browser says of that itself is overwritten. Caddy passes a request on while it
# comes in; the application itself lets go of who sends too slowly.
{site} {{
	request_body {{
		max_size {body}MB
	}}
	reverse_proxy {upstream} {{
		header_up -Forwarded
		transport http {{
			dial_timeout 10s
			response_header_timeout 120s
		}}
	}}
}}
"""
_EXAMPLE = PublicUrl("office.example.org", "https://office.example.org", is_tls=True)
_MORE_MB = 1


def proxy_files(machine: Machine) -> dict[str, str]:
    """What nginx or Caddy takes as it is, by file name: with TLS, nginx needs the certificate for the second file."""
    unit, web = machine.unit, machine.web
    public = web.public or _EXAMPLE
    values = {"host": public.allowed_host, "body": web.largest_mb + _MORE_MB, "upstream": _upstream(web)}
    caddy = _CADDY.format(site=public.origin, **values)
    if not public.is_tls:
        listen = f"    listen {public.port};\n    listen [::]:{public.port};"
        return {f"{unit}.nginx.conf": _NGINX.format(listen=listen, **values), f"{unit}.Caddyfile": caddy}
    return {
        f"{unit}.nginx.conf": _NGINX_TO_TLS.format(host=public.allowed_host, origin=public.origin, unit=unit),
        f"{unit}-tls.nginx.conf": _NGINX.format(listen=_NGINX_TLS.format(port=public.port, host=public.host), **values),
        f"{unit}.Caddyfile": caddy,
    }


def proxy_remarks(web: Web) -> list[str]:
    """What somebody has to know before the proxy can work."""
    if web.public is None:
        return [
            f"web.public_url is empty, so the files for nginx and Caddy name {_EXAMPLE.host} instead; say under which "
            "address people come, then write the files again: rattail set-option web.public_url https://HOST"
        ]
    if web.public.port == web.port:
        return [
            f"web.public_url names port {web.port}, on which the application listens itself: nginx or Caddy cannot "
            "have it too. Without a proxy do not install their files; with one choose another: "
            "rattail set-option web.port 8701"
        ]
    return []


def logrotate(machine: Machine, *, folder: str) -> str:
    """For logs that are not ours to turn: the folder log is turned by rattail itself, whoever writes to it."""
    return f"""\
# Written by rattail make-units, for logrotate: the logs of Luigi.
# The files in the folder log are not here: rattail turns them itself, by size, without losing a line of the several
# processes that write to them; logrotate would fight it.
{folder}/*.log {{
    su {machine.user} {machine.group}
    weekly
    rotate 13
    missingok
    notifempty
    copytruncate
    compress
    delaycompress
}}
"""


def _upstream(web: Web) -> str:
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.address, web.address)  # noqa: S104 - compared
    return f"[{address}]:{web.port}" if ":" in address and "[" not in address else f"{address}:{web.port}"
