"""What to put into the configuration of nginx or Caddy, and of logrotate."""

from __future__ import annotations

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
        proxy_request_buffering on;
        proxy_connect_timeout 10s;
        proxy_read_timeout 120s;
        proxy_next_upstream off;
    }}
}}
"""
_NGINX_TLS = """\
    listen 443 ssl;
    listen [::]:443 ssl;
    # Your certificate, such as certbot keeps it:
    #ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;
    #ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;"""
_NGINX_TO_TLS = """
server {{
    listen 80;
    listen [::]:80;
    server_name {host};
    return 301 https://$host$request_uri;
}}
"""
_CADDY = """\
# Written by rattail make-units, for Caddy, which fetches a certificate by itself, and by itself tells the application
# where a request comes from.
{site} {{
	request_body {{
		max_size {body}MB
	}}
	reverse_proxy {upstream}
}}
"""
_EXAMPLE_HOST = "office.example.org"
_MORE_MB = 1


def nginx(web: Web) -> str:
    """A server of nginx."""
    host = web.public.host if web.public else _EXAMPLE_HOST
    is_tls = web.public is None or web.public.is_tls
    listen = _NGINX_TLS.format(host=host) if is_tls else "    listen 80;\n    listen [::]:80;"
    text = _NGINX.format(listen=listen, host=host, body=web.largest_mb + _MORE_MB, upstream=_upstream(web))
    return text + _NGINX_TO_TLS.format(host=host) if is_tls else text


def caddy(web: Web) -> str:
    """A site of Caddy."""
    site = web.public.origin if web.public else f"https://{_EXAMPLE_HOST}"
    return _CADDY.format(site=site, body=web.largest_mb + _MORE_MB, upstream=_upstream(web))


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
