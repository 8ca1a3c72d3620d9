"""What the names of columns say: words of six languages, and how a name is taken apart.

A stem of five letters or more is found at either end of a word, so that ``kosten`` is found in
``Werbekosten`` and ``impress`` in ``Impressions``; a shorter one must be the whole word. Words are
compared in lower case and without accents.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from mmmlib.job import Kind

DATE = """date datum fecha data ds day daily tag jour dia giorno dag week weekly woche kw semaine
    semana settimana wk month monat mois mes mese period periode periodo time zeit tijd"""

REVENUE = """ca revenue sales umsatz umsatze erlos erlose affaires ventes vente ventas venta
    ingresos ingreso facturacion ricavi ricavo fatturato vendite vendita verkauf verkaufe turnover
    gmv receita vendas omzet einnahmen recettes"""
CONVERSION = """conversion conversions konversion konversionen conversiones conversioni order orders
    bestellung bestellungen auftrage commande commandes pedido pedidos ordine ordini lead leads
    signup signups registration registrations registrierungen inscription inscriptions installs
    subscription subscriptions abonnement abonnements abschlusse units absatz stuckzahl
    transaction transactions transaktionen transacciones transazioni purchase purchases achats
    compras acquisti neukunden customers kunden clients clientes"""
TARGET = "target kpi dep y zielgrosse cible objetivo"

COUNTRY = """country land pays pais paese market markt marche mercado mercato geo territory
    territoire region"""

SPEND = """spend spends spending cost costs kosten ausgaben ausgabe budget budgets invest invests
    investment investissement inversion investimento investimenti depense depenses cout couts gasto
    gastos coste costes costo costos costi spesa spese expense expenses expenditure outlay adspend
    aufwand aufwendungen custo custos uitgaven"""

EXPOSURE = """impression impressions impressionen impresiones impressioni impressoes impr imp imps
    einblendungen click clicks klick klicks clic clics clicks cliques view views vues vistas
    visualizaciones visualizzazioni aufrufe reach reichweite portee alcance copertura grp grps trp
    trps contacts kontakte ots"""
CLICKS = "click clicks klick klicks clic clics cliques"
RATING_POINTS = "grp grps trp trps"

ORGANIC = """organic organique organico organica organisch newsletter newsletters newsletters
    infolettre boletin email emails mail mails mailing mailings emailing courriel courriels correo
    crm push notification notifications seo blog post posts beitrage publications publicaciones
    sends versendet envoyees envoyes enviados enviadas inviate earned owned"""

COMPETITOR = """competitor competitors competition competitive wettbewerb wettbewerber konkurrenz
    konkurrent concurrent concurrents concurrence competencia competidor competidores concorrenza
    concorrente concorrenti rival rivals"""
CONTEXT = """price prices pricing preis preise prix precio precios prezzo prezzi temp temperature
    temperatur temperatura weather wetter meteo clima rain regen pluie lluvia pioggia sunshine promo
    promos promotion promotions promocion promozione aktion aktionen angebot angebote rabatt rabatte
    discount discounts remise remises soldes descuento descuentos oferta ofertas sconto sconti
    offerta cpi inflation inflacion gdp bip pib unemployment arbeitslosigkeit chomage desempleo
    confidence covid stringency lockdown mobility holiday holidays feiertag feiertage ferien
    vacances vacaciones festivo event events ereignis ereignisse evenement evenements evento eventos
    strike streik greve huelga distribution distribucion stores filialen magasins tiendas negozi
    trends index feries confiance klima population friday"""

# What follows from media and leads to sales: in a model it takes the media's effect away.
VISITS = """session sessions visit visits visitor visitors visites visitas visite besuche besucher
    traffic trafic trafico traffico pageviews basket baskets cart carts warenkorb"""

# Numbers made of other columns, or of the calendar that prophet reads itself.
RATE = """cpc cpm cpa cpl cpo ctr cvr roas roi rate quote taux tasa tasso share anteil percent pct
    prozent"""
CALENDAR = """year jahr annee ano anno quarter quartal trimestre weekday wochentag weeknum weekno
    weeknr kw isoweek dow id row unnamed"""
PER = "per pro par por"

MEDIA: dict[str, tuple[Kind, str]] = {
    "tv": ("tv", "television televisione televisor fernsehen fernseh tele tele ctv linear"),
    "radio": ("offline", "rundfunk horfunk"),
    "print": (
        "offline",
        "press presse prensa stampa zeitung zeitungen magazine anzeigen newspaper",
    ),
    "ooh": (
        "offline",
        "dooh outdoor plakat plakate affichage billboard billboards exterior vallas",
    ),
    "cinema": ("offline", "kino cine"),
    "flyer": ("offline", "flyers prospekt prospekte catalogue katalog leaflet depliant"),
    "sponsoring": ("offline", "sponsorship sponsor"),
    "facebook": ("online", "fb meta"),
    "instagram": ("online", "ig insta"),
    "google": ("online", "adwords gads"),
    "search": ("online", "sea sem suche suchmaschine recherche busqueda ricerca ppc"),
    "bing": ("online", "microsoft"),
    "youtube": ("online", "yt"),
    "display": ("online", "banner banners gdn"),
    "programmatic": ("online", "dsp dv360"),
    "video": ("online", "olv"),
    "social": ("online", ""),
    "tiktok": ("online", ""),
    "snapchat": ("online", "snap"),
    "pinterest": ("online", ""),
    "linkedin": ("online", ""),
    "twitter": ("online", ""),
    "amazon": ("online", ""),
    "affiliate": ("online", "affiliates affiliation afiliados affiliati"),
    "retargeting": ("online", "remarketing criteo"),
    "influencer": ("online", "influencers"),
    "podcast": ("online", "podcasts"),
    "shopping": ("online", "pmax"),
}
OFFLINE = "offline klassik"

# Words that tell channels apart no better than no word.
NOISE = """total sum amount eur euro euros usd gbp media weekly daily net netto brutto gross in of
    de du des la le les el los il di d l the and und et y der die das ad ads werbe werbung pub
    number nb anzahl nombre numero value val"""

# The last letter of a name in Robyn's own data.
SUFFIXES = {"S": "spend", "I": "exposure", "P": "exposure", "O": "organic", "B": "context"}

_STEMS = {name: frozenset(value.split()) for name, value in list(globals().items())
          if name.isupper() and isinstance(value, str)}  # fmt: skip
_MEDIA_STEMS = {name: frozenset({name, *words.split()}) for name, (_, words) in MEDIA.items()}


@dataclass(frozen=True)
class Name:
    """A column's name, taken apart.

    Attributes
    ----------
    text : str
        The name as the file has it.
    words : tuple of str
        Its words, lower case, without accents; without Robyn's suffix.
    suffix : str
        Role that Robyn's suffix names (``tv_S``: spend), or empty.
    """

    text: str
    words: tuple[str, ...]
    suffix: str

    def says(self, group: str) -> bool:
        """Whether one of the words belongs to a group of this module, such as ``SPEND``."""
        return any(_belongs(word, _STEMS[group]) for word in self.words)

    @property
    def media(self) -> tuple[str, ...]:
        """Kinds of media the name mentions, under one name each (``fb`` is facebook)."""
        return tuple(
            medium
            for medium, stems in _MEDIA_STEMS.items()
            if any(_belongs(word, stems) for word in self.words)
        )

    @property
    def kind(self) -> Kind:
        """Kind of channel; online where no word says otherwise."""
        kinds = {MEDIA[medium][0] for medium in self.media}
        if "tv" in kinds:
            return "tv"
        return "offline" if "offline" in kinds or self.says("OFFLINE") else "online"

    @property
    def own_words(self) -> tuple[str, ...]:
        """The words that name the channel: neither unit nor noise."""
        groups = ("SPEND", "EXPOSURE", "NOISE")
        return tuple(w for w in self.words if not any(_belongs(w, _STEMS[g]) for g in groups))

    @property
    def channel(self) -> frozenset[str]:
        """The words that name the channel, with one word for those that mean the same."""
        return frozenset(_canonical(word) for word in self.own_words)


@lru_cache(maxsize=65536)
def read_name(text: str) -> Name:
    """Take a column's name apart.

    >>> read_name("Coût Télé").words
    ('cout', 'tele')
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", plain)
    suffix = ""
    if found := re.fullmatch(r"(.+)_([A-Z])", plain):
        suffix = SUFFIXES.get(found[2], "")
        plain = found[1] if suffix else plain
    return Name(text, _rejoined(re.findall(r"[^\W_]+", plain.lower())), suffix)


def _rejoined(words: list[str]) -> tuple[str, ...]:
    """Words, with names of media that capitals took apart (``YouTube``) made one again."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] + word in _MEDIA_STEMS:
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(joined)


def slug(words: tuple[str, ...], longest: int = 40) -> str:
    """Words as the name of a variable: lower case ASCII letters, digits and ``_``."""
    return re.sub(r"[^a-z0-9]+", "_", "_".join(words))[:longest].strip("_")


def _canonical(word: str) -> str:
    for medium, stems in _MEDIA_STEMS.items():
        if _belongs(word, stems):
            return medium
    return word


def _belongs(word: str, stems: frozenset[str]) -> bool:
    return word in stems or any(
        word.startswith(stem) or word.endswith(stem) for stem in stems if len(stem) > 4
    )
