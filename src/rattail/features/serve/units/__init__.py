"""Files with which a machine keeps an app running: systemd units, a proxy's configuration."""
