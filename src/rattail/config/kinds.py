"""Which texts are a path, a time zone, a currency, a locale, an address or a time of day."""

from collections.abc import Iterator

from rattail.config.option import Kind, Option

#: The currencies of ISO 4217 that are in use; without funds, metals and test codes.
CURRENCIES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
_ZONE_FOLDERS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo")
_NO_SHOP_IS_THERE = ("posix", "right", "localtime", "posixrules", "Factory")
_ZONE_MAGIC = b"TZif"


def is_right(kind: Kind, text: str) -> bool:
    """Whether a text is one of a kind. A kind without a rule takes any text."""
    match kind:
        case "path":
            return _is_path(text)
        case "time zone":
            return _is_time_zone(text)
        case "currency":
            return len(text) == 3 and text in CURRENCIES.split(" ")
        case "locale":
            return _is_locale(text)
        case "database address":
            return not text or _is_address_without_password(text)
        case "site address":
            return not text or _is_site(text)
        case "time of day":
            return not text or _is_time_of_day(text)
        case _:
            return True


def nearest_value(option: Option, text: object) -> str:
    """The right value that a wrong one looks like; empty where there is none. Never one that is refused."""
    from difflib import get_close_matches

    if option.is_secret or not isinstance(text, str) or len(text) > 60:
        return ""
    possible: tuple[str, ...] = option.choices
    if option.kind == "time zone":
        import zoneinfo

        possible = tuple(sorted(zoneinfo.available_timezones()))
    elif option.kind == "currency":
        return text.strip().upper() if text.strip().upper() in CURRENCIES.split(" ") else ""
    elif option.kind == "locale":
        return next((one for one in _spellings(text) if _is_locale(one)), "")
    lowered = {one.lower(): one for one in possible}
    near = (lowered[one] for one in get_close_matches(text.lower(), lowered))
    return next((one for one in near if is_right(option.kind, one)), "")


def _is_path(text: str) -> bool:
    if not text or text != text.strip() or "\0" in text or text.startswith("~"):
        return False
    return ".." not in text.split("/") and text.strip("/.") != ""


def _is_locale(text: str) -> bool:
    """`ll`, `ll_CC`, `ll_Ssss` or `ll_Ssss_CC`: language, script, country; ASCII only."""
    language, *rest = text.split("_")
    if not (text.isascii() and language.isalpha() and language.islower() and len(language) in (2, 3)):
        return False
    if rest and len(rest[0]) == 4 and rest[0].isalpha() and rest[0].istitle():
        del rest[0]
    if rest and ((len(rest[0]) == 2 and rest[0].isalpha() and rest[0].isupper()) or _is_region_number(rest[0])):
        del rest[0]
    return not rest


def _is_region_number(text: str) -> bool:
    return len(text) == 3 and text.isdigit()


def _spellings(text: str) -> Iterator[str]:
    """What `de-de`, `DE_de` or `de_DE.UTF-8` may have meant."""
    language, *rest = text.partition(".")[0].partition("@")[0].replace("-", "_").split("_")
    parts = [part.title() if len(part) == 4 else part.upper() for part in rest]
    yield "_".join([language.lower(), *parts])


def _is_address_without_password(text: str) -> bool:
    scheme, separator, rest = text.partition("://")
    if scheme not in ("postgresql", "postgres") or not separator or not rest.isprintable() or " " in rest:
        return False
    user, at, _ = rest.partition("/")[0].rpartition("@")
    return not (at and ":" in user) and "password=" not in rest.lower()


def _is_site(text: str) -> bool:
    from rattail.config.site_address import site_address

    try:
        return site_address(text) is not None
    except ValueError:
        return False


def _is_time_of_day(text: str) -> bool:
    hours, colon, minutes = text.partition(":")
    are_digits = text.isascii() and hours.isdigit() and minutes.isdigit()
    return bool(colon and are_digits and len(text) == 5 and len(hours) == 2 and int(hours) < 24 and int(minutes) < 60)


def _is_time_zone(name: str) -> bool:
    if name == "UTC":
        return True
    parts = name.split("/")
    if not all(_is_zone_part(part) for part in parts) or parts[0] in _NO_SHOP_IS_THERE:
        return False
    for folder in _ZONE_FOLDERS:  # the quick way; zoneinfo costs more than the rest of reading the settings
        try:
            with open(f"{folder}/{name}", "rb") as stream:
                return stream.read(len(_ZONE_MAGIC)) == _ZONE_MAGIC
        except OSError:
            continue
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _is_zone_part(part: str) -> bool:
    return part[:1].isalpha() and part.isascii() and all(letter.isalnum() or letter in "_+-" for letter in part)
