"""The clients of Northwind Hosting Ltd. Text is stored HTML-escaped, as WHMCS stores it."""

from collections.abc import Iterator, Mapping
from typing import Any

from whmcs_source.sandbox.seed.company import EUR, GBP, JPY, USD

LATIN1_CLIENT = 25
"""Whose name the switch `latin1_name` breaks."""

LEFT_CLIENT = 43
"""Deleted in May 2026; a transaction of it stays."""

_PLACES: Mapping[str, tuple[str, str, str, str]] = {
    "GB": ("Leeds", "West Yorkshire", "LS1 4AP", "+44.113496"),
    "IM": ("Laxey", "", "IM4 7AA", "+44.162496"),
    "JE": ("St Helier", "", "JE2 3AB", "+44.153496"),
    "IE": ("Galway", "Galway", "H91 X4K8", "+353.91496"),
    "DE": ("Berlin", "Berlin", "10115", "+49.30496"),
    "NL": ("Utrecht", "Utrecht", "3511 AB", "+31.30496"),
    "GR": ("Αθήνα", "Αττική", "105 57", "+30.21496"),
    "FR": ("Lyon", "Rh&ocirc;ne", "69001", "+33.4496"),
    "US": ("Portland", "Oregon", "97201", "+1.503555"),
    "CA": ("Ottawa", "Ontario", "K1A 0B1", "+1.613555"),
    "CH": ("Luzern", "Luzern", "6003", "+41.41496"),
    "AU": ("Cairns", "Queensland", "4870", "+61.7496"),
    "JP": ("大阪市", "大阪府", "530-0001", "+81.6496"),
}

_Spec = tuple[int, str, str, str, str, str, str, str]

# id, company, first name, last name, email, country, gateway, VAT number
_CLIENTS: tuple[_Spec, ...] = (
    (1, "Ashdown Bakery Ltd", "Helen", "Marsh", "office@ashdown-bakery.example",
     "GB", "stripe", ""),
    (2, "Copperfield Dental Ltd", "Rajesh", "Patel", "admin@copperfield-dental.example",
     "GB", "gocardless", "GB100000132"),
    (3, "", "Siobhan", "O&#039;Neil", "siobhan@oneil.example", "GB", "stripe", ""),
    (4, "Pennine Joinery Ltd", "Mark", "Thwaite", "mark@pennine-joinery.example",
     "GB", "banktransfer", ""),
    (5, "", "Zoë", "Brontë-Ångström", "zoe@bronte.example", "GB", "paypal", ""),
    (6, "Lantern &amp; Wick Books", "Ivy", "Lantern", "ivy@lanternwick.example",
     "GB", "paypal", ""),
    (7, "Harbour &amp; Sons Ltd", "George", "Harbour", "accounts@harbour-sons.example",
     "GB", "gocardless", ""),
    (8, "Bright Pixel Studio", "Nadia", "Khan", "hello@brightpixel.example", "GB", "stripe", ""),
    (9, "Moorland Vets LLP", "Anne", "Fell", "practice@moorland-vets.example",
     "GB", "gocardless", ""),
    (10, "Foxglove Café 🦊", "Lucía", "Núñez", "hola@foxglove.example", "GB", "stripe", ""),
    # Two companies of one owner, who gave both the same address.
    (11, "Kestrel Consulting Ltd", "Owen", "Price", "owen@kestrel.example", "GB", "stripe", ""),
    (12, "Kestrel Training Ltd", "Owen", "Price", "owen@kestrel.example", "GB", "stripe", ""),
    (13, "Dunlin Software Ltd", "Grace", "Dunlin", "grace@dunlin.example", "GB", "paypal", ""),
    (14, "", "Tom", "Hargreaves", "tom@hargreaves.example", "GB", "stripe", ""),
    (15, "Laxey Wheel Tours Ltd", "Juan", "Quayle", "tours@laxeywheel.example",
     "IM", "banktransfer", ""),
    (16, "Tyne Logistics Ltd", "Susan", "Tyne", "it@tyne-logistics.example",
     "GB", "banktransfer", ""),
    (17, "Sable &lt;b&gt;Print&lt;/b&gt; Ltd", "Paul", "Sable", "paul@sableprint.example",
     "GB", "stripe", ""),
    (18, "", "Priya", "Natarajan", "priya@natarajan.example", "GB", "paypal", ""),
    (19, "Wessex Archery Club", "Ben", "Fletcher", "secretary@wessex-archery.example",
     "GB", "banktransfer", ""),
    (20, "Quayside Media Ltd", "Laura", "Quay", "billing@quayside.example",
     "GB", "stripe", "GB100000230"),
    (21, "Bramble &amp; Thorn Florists", "Rose", "Bramble", "rose@bramblethorn.example",
     "GB", "paypal", ""),
    (22, "Cedar House School", "Martin", "Cole", "bursar@cedarhouse.example",
     "GB", "banktransfer", ""),
    (23, "Shannon Software Ltd", "Aoife", "Byrne", "accounts@shannon-software.example",
     "IE", "stripe", "IE1000111Q"),
    (24, "Claddagh Crafts Ltd", "Niamh", "Joyce", "niamh@claddagh.example",
     "IE", "paypal", "IE2000222K"),
    (25, "M&uuml;ller Webtechnik GmbH", "J&uuml;rgen", "M&uuml;ller",
     "buchhaltung@mueller-webtechnik.example", "DE", "paypal", "DE270001111"),
    (26, "Spreeufer Design GmbH", "Katja", "Krüger", "rechnung@spreeufer.example",
     "DE", "stripe", "DE310002229"),
    (27, "Tulp Webwinkels BV", "Daan", "de Vries", "administratie@tulp.example",
     "NL", "stripe", "NL100011111B01"),
    # Greece is GR among countries and EL among VAT numbers.
    (28, "Aegean Charts ΕΕ", "Νίκος", "Παππάς", "logistirio@aegean-charts.example",
     "GR", "banktransfer", "EL090001110"),
    (29, "Atelier Lumière SARL", "Élodie", "Garnier", "compta@atelier-lumiere.example",
     "FR", "stripe", "FR08100011105"),
    (30, "Redwood Labs Inc", "Dana", "Whitfield", "ap@redwoodlabs.example", "US", "stripe", ""),
    (31, "", "Emily", "Carter", "emily@carter.example", "US", "paypal", ""),
    (32, "Maple Ridge Studio", "Noah", "Tremblay", "noah@mapleridge.example", "CA", "paypal", ""),
    (33, "Channel Light Ltd", "Pierre", "Le Sueur", "office@channel-light.example",
     "JE", "stripe", ""),
    (34, "Alpenblick AG", "Urs", "Zürcher", "rechnungen@alpenblick.example",
     "CH", "banktransfer", "CHE-100.000.006 MWST"),
    (35, "Coral Bay Media Pty Ltd", "Chloe", "Nguyen", "chloe@coralbay.example",
     "AU", "stripe", ""),
    (36, "さくら商事株式会社", "Haruka", "Sato", "keiri@sakura-shoji.example", "JP", "stripe", ""),
    (37, "St Swithun&#039;s Trust", "Edith", "Lowe", "treasurer@st-swithuns.example",
     "GB", "banktransfer", ""),
    (38, "", "Camille", "Laurent", "camille@laurent.example", "FR", "stripe", ""),
    (39, "", "Jonas", "Weber", "jonas@weber.example", "DE", "paypal", ""),
    (40, "Fjordline Analytics Inc", "Erik", "Lund", "erik@fjordline.example", "CA", "stripe", ""),
    (41, "Oakfield Carpets Ltd", "Janet", "Oakfield", "janet@oakfield-carpets.example",
     "GB", "stripe", ""),
    (42, "Rowan Legal LLP", "Simon", "Rowan", "simon@rowan-legal.example", "GB", "stripe", ""),
    (43, "Vanished Ventures Ltd", "Guy", "Short", "guy@vanished.example", "GB", "paypal", ""),
    (44, "Hollybank Nursery", "Carol", "Holly", "carol@hollybank.example", "GB", "paypal", ""),
)  # fmt: skip

_CURRENCY = {"IE": EUR, "DE": EUR, "NL": EUR, "GR": EUR, "FR": EUR}
_CURRENCY |= {"US": USD, "CA": USD, "AU": USD, "JP": JPY}


def clients() -> Iterator[dict[str, Any]]:
    """Every client, as `create_client` takes it."""
    for number, company, first, last, email, country, gateway, tax_id in _CLIENTS:
        city, state, postcode, phone = _PLACES[country]
        yield {
            "client": number,
            "companyname": company,
            "firstname": first,
            "lastname": last,
            "email": email,
            "address1": f"{number} Market Street",
            "address2": "Unit 3 &amp; 4" if number % 5 == 0 else "",
            "city": city,
            "state": state,
            "postcode": postcode,
            "country": country,
            "phonenumber": f"{phone}{number:04d}",
            "tax_id": tax_id,
            "currency": _CURRENCY.get(country, GBP),
            "defaultgateway": gateway,
            "taxexempt": int(number == 37),
            "groupid": int(number == 20),
        }
