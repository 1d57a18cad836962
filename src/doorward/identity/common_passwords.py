"""Passwords that many people choose, known by how they are made.

The words people begin with are a short list; what they do to them is known too: a digit or a year behind it,
an exclamation mark, letters that look like digits. So are runs of the alphabet, of digits and of keys side by
side, and anything that only repeats itself. ``EN_100K`` goes further than ``EN_10K``.
"""

from __future__ import annotations

import re

EN_10K, EN_100K = "en_10k", "en_100k"
WORDS = frozenset(
    """
    access account admin administrator alexander alpha amanda america amsterdam andrea andrew angel angela angels
    animal anthony apple apples april archer arsenal arthur asdf ashley asshole august austin australia awesome baby
    badboy badger bailey banana barcelona barney baseball basketball batman beautiful beaver benjamin berlin bigdog
    biteme black blackbird blink blue bond boomer boston brandon brandy brasil bubba bubbles buddy bulldog buster
    butter butterfly california camaro cameron canada captain carlos carolina changeit changeme charles charlie
    charlotte cheese chelsea cherry chester chicago chicken chocolate chris christian christine cinderella coffee
    college computer connor contact cookie cookies cool cooper corvette cowboy cowboys creative crystal dakota
    dallas daniel danielle database david debian december default demo denise dennis dexter diamond digital direct
    doctor dolphin donald dragon dreams eagle eagles edward einstein elephant elizabeth eminem england enter
    eternity europe everton example falcon family fender ferrari first fishing florida flower flowers football
    forever france franklin freddy freedom friend friends fuckoff fuckyou galaxy gandalf garden garfield gateway
    gemini general genesis george german germany giants ginger global golden golf golfer google gordon great green
    guest guitar gunner hannah happy hardcore harley harvey hawaii heather heaven hello hellokitty helpme hockey
    holiday home horses hotmail hunter iceman iloveu iloveyou india information internet ireland jackie jackson
    jaguar james january jasmine jasper jennifer jeremy jessica jesus john johnny jonathan jordan joseph joshua
    julian junior justin kermit killer king kitten kitty knight kristen ladies lakers lauren legend leslie letmein
    liberty linkedin liverpool lizard login london looking lorraine louise love lovely loveme lover lovers lucky
    maddog madison madrid maggie magic manager marcus maria marina marine mario marlboro martin marvin master matrix
    matthew maverick maxwell melissa member mercedes mercury merlin metallica mexico michael michelle mickey
    midnight miller minecraft mobile monday money monica monkey monster morgan mother mountain movie muffin murphy
    music mustang myspace naruto nascar natalie nathan naughty ncc1701 newyork nicholas nicole nintendo nirvana
    nissan nobody nothing november october office oliver orange oxford pacific packers panther paris parker pass
    passport passw0rd password patches patricia patrick peaches peanut pepper peter phantom phoenix player please
    poiuyt pokemon police poohbear pookie porsche power precious prince princess private public purple python queen
    rabbit rachel radio raiders rainbow ranger rangers raven rebecca redsox richard robert robot rocket rocky root
    rosebud runner rush russia samantha sammy samson samsung samuel sandra saturn scooby scooter scorpio scorpion
    scotland secret security sentinel september server service shadow shannon shelby sierra silver simple sister
    skippy slayer smokey snoopy snowball soccer sophie spanky sparky special spider spiderman spring stanley star
    starwars steelers stella stephen steven student success summer sunday sunflower sunset sunshine super superman
    superstar support sweden swimming sydney system taylor teacher temp tennis teresa test tester testing texas
    thailand theman thomas thunder tiger tigers tigger tinkerbell today tomcat trinity trouble trustno1 tucker
    turtle twitter united user vampire vanessa victor victoria viking violet virginia voyager walter warrior welcome
    welcome1 whatever white wildcats william willie willow window windows winner winston winter wizard wolf
    wolverine xavier xbox yamaha yankee yankees yellow zxcvbn
    """.split()  # noqa: SIM905
)
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qwertzuiop")
COLUMNS = ("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0")
LONGEST_REPEATED = 4
SIGNS = "!.?*#$@"
# What is written for a letter.
LOOKALIKES = str.maketrans("013457@$!", "oieastasi")
_YEAR = re.compile(r"(19|20)\d\d")
_DIGITS = re.compile(r"\d{1,4}")
_DATE = re.compile(r"\d{6}|\d{8}")


def is_common(password: str, dictionary: str) -> bool:
    """Whether many people would choose this. ``password`` is case-folded, ``dictionary`` one of the two names."""
    stems = {password, password.rstrip(SIGNS)}
    if dictionary == EN_100K:
        stems |= {stem.translate(LOOKALIKES) for stem in stems} | {password[::-1]}
    return any(_is_made_of(stem) for stem in stems) or (dictionary == EN_100K and _DATE.fullmatch(password) is not None)


def _is_made_of(text: str) -> bool:
    if text in WORDS or _repeats(text) or _walks(text):
        return True
    begun = text.rstrip("0123456789")
    behind = text[len(begun) :]
    is_usual = _DIGITS.fullmatch(behind) or _YEAR.fullmatch(behind) or _walks(behind)
    return bool(is_usual) and (begun in WORDS or _walks(begun))


def _repeats(text: str) -> bool:
    """One short thing over and over, or one of the words: ``aaaa``, ``abcabc``, ``passpass``."""
    part = text[: (text + text).find(text, 1)]
    return 0 < len(part) < len(text) and (len(part) <= LONGEST_REPEATED or part in WORDS)


def _walks(text: str) -> bool:
    """Keys or characters side by side: ``qwerty``, ``98765``, ``1qaz2wsx``."""
    if len(text) < 3:
        return False
    if any(text in row or text in row[::-1] for row in (*ROWS, *COLUMNS)):
        return True
    while text:
        step = next((column for column in COLUMNS if text.startswith(column)), None)
        if step is None:
            return False
        text = text[len(step) :]
    return True
