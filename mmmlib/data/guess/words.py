"""What the names of columns say: words of seven languages, and how a name is taken apart.

A word is known whole, with an ending of its language (``kosten``, ``cliques``), or as two known
words in one, as German writes them (``Werbekosten``); never by its first letters, or ``customers``
would be Portuguese for costs. Words are compared in lower case and without accents.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from mmmlib.job import Kind

DATE = """date datum fecha data ds day daily tag jour dia giorno dag week weekly woche kw semaine
    semana settimana wk month monat mois mes mese period periode periodo time zeit tijd tarih hafta
    gun ay dt dates 日 日付 週 月
    tydzien tygodnie dzien miesiac okres"""
WEEK = "week weekly woche kw semaine semana settimana wk hafta 週 tydzien"
YEAR = "year jahr annee ano anno yr jaar yil rok"

REVENUE = """ca revenue sales umsatz umsatze erlos erlose affaires ventes vente ventas venta
    ingresos ingreso facturacion ricavi ricavo fatturato vendite vendita verkauf verkaufe turnover
    gmv receita vendas omzet einnahmen recettes satis satislar gelir hasilat ciro 売上 売上高
    przychod przychody sprzedaz obrot obroty utarg"""
CONVERSION = """conversion conversions konversion konversionen conversiones conversioni order orders
    conv bestellung bestellungen auftrage commande commandes pedido pedidos ordine ordini lead leads
    signup signups registration registrations registrierungen inscription inscriptions installs
    subscription subscriptions abonnement abonnements abschlusse units absatz stuckzahl
    transaction transactions transaktionen transacciones transazioni purchase purchases achats
    compras acquisti neukunden customer customers kunden clients clientes siparis siparisler musteri
    vendidas vendidos コンバージョン 注文
    konwersje konwersja zamowienia zamowien klienci bestellingen conversies klanten"""
TARGET = "target kpi dep y zielgrosse cible objetivo"

COUNTRY = """country land pays pais paese market markt marche mercado mercato geo territory
    territoire region ulke pazar bolge regiao state dma province provincia bundesland division
    locale location
    kraj rynek wojewodztwo city cities stadt ville ciudad citta cidade sehir stad miasto
    store filiale"""

SPEND = """spend spends spending spent mdsp harcama harcamalar harcamasi maliyet 費用 広告費 cost
    costs kosten ausgaben ausgabe budget budgets invest invests investment investissement
    inversion investimento investimenti depense depenses cout couts gasto gastos coste
    costes costo costos costi spesa spese expense expenses expenditure outlay adspend
    aufwand aufwendungen custo custos uitgaven
    koszt koszty kosztow wydatki wydatek wydatkow naklady budzet mediakosten
    besteding bestedingen"""

EXPOSURE = """impression impressions impressionen impresiones impressioni impressoes impr imp imps
    einblendungen click clicks klick klicks clic clics clicks cliques view views vues vistas
    visualizaciones visualizzazioni aufrufe reach reichweite portee alcance copertura grp grps trp
    trps contacts kontakte ots spots mdip gosterim gosterimler tiklama tiklamalar 表示回数
    クリック数 opens
    wyswietlenia wyswietlen klikniecia klikniec zasieg odslony vertoningen weergaven klikken
    bereik"""
CLICKS = """click clicks klick klicks clic clics cliques tiklama tiklamalar クリック数
    klikniecia klikniec klikken"""
RATING_POINTS = "grp grps trp trps"

ORGANIC = """organic organique organico organica organisch newsletter newsletters newsletters
    infolettre boletin email emails mail mails mailing mailings emailing courriel courriels correo
    crm push notification notifications seo blog post posts beitrage publications publicaciones
    sends versendet envoyees envoyes enviados enviadas inviate earned owned
    nieuwsbrief biuletyn"""

COMPETITOR = """competitor competitors competition competitive wettbewerb wettbewerber konkurrenz
    konkurrent concurrent concurrents concurrence competencia competidor competidores concorrenza
    concorrente concorrenti rival rivals rakip rakipler
    konkurencja konkurencji konkurent concurrentie"""
CONTEXT = """price prices pricing preis preise prix precio precios prezzo prezzi temp temperature
    temperatur temperatura weather wetter meteo clima rain regen pluie lluvia pioggia sunshine promo
    promos promotion promotions promocion promozione aktion aktionen angebot angebote rabatt rabatte
    discount discounts remise remises soldes descuento descuentos oferta ofertas sconto sconti
    offerta cpi inflation inflacion gdp bip pib unemployment arbeitslosigkeit chomage desempleo
    confidence covid stringency lockdown mobility holiday holidays feiertag feiertage ferien
    vacances vacaciones festivo event events ereignis ereignisse evenement evenements evento eventos
    strike streik greve huelga distribution distribucion stores filialen magasins tiendas negozi
    trends index feries confiance klima population friday fiyat sicaklik indirim markdown mrkdn
    kampanya sentiment flag
    cena ceny pogoda temperatura promocja promocje rabat znizka swieto swieta prijs prijzen weer
    korting aanbieding actie feestdag feestdagen vakantie"""

# What follows from media and leads to sales: in a model it takes the media's effect away.
VISITS = """session sessions visit visits visitor visitors visites visitas visite besuche besucher
    traffic trafic trafico traffico pageviews basket baskets cart carts warenkorb likes like
    followers follower fans engagement engagements comments reactions saves volume ziyaret"""

# What a business pays for that is no media.
NO_MEDIA = """shipping freight delivery goods cogs logistics logistik production produktion labor
    labour staff personnel personal rent miete energy energie fuel material materials manufacturing
    warehouse packaging verpackung versand waren wareneinsatz fulfillment fulfilment returns
    salary salaries wages tax taxes product produkt sold overhead living"""

# What somebody made of other columns: with a model, over time, or of sales and costs.
DERIVED = """adstock adstocked effect effects contribution contributions saturated lag lagged
    predicted prediction forecast fitted residual residuals cumulative cum rolling
    ytd mtd qtd ly py yoy wow mom growth wachstum
    vorjahr lastyear prior previous profit profits margin margins gewinn marge ebit ebitda rohertrag
    deckungsbeitrag benefice beneficio utile lucro zysk kar winst cogs wareneinsatz returns returned
    refunds refund retouren"""
TOTAL = """total totals overall all sum gesamt summe insgesamt totale totales totaux toplam genel
    somme suma somma grand subtotal zwischensumme 合計
    suma razem totaal ogolem"""

# Numbers made of other columns, or of the calendar that prophet reads itself.
RATE = """cpc cpm cpa cpl cpo cpp cpv ctr cvr vtr roas roi rate ratio quote taux tasa tasso share
    anteil percent pct prozent avg average mean durchschnitt schnitt frequency aov asp oran orani
    率 単価 シェア
    sr gem moy medio ort srednia gemiddelde udzial"""
CALENDAR = """year jahr annee ano anno yr quarter quartal trimestre qtr weekday wochentag weeknum
    weekno weeknr kw isoweek dow dayofyear dayofweek dayofmonth doy id row unnamed nbr prd"""
PER = "per pro par por je"
MONEY = "eur euro euros usd gbp chf jpy try inr brl pln sek nok dkk"
ADS = """ad ads advertising advert adverts anzeigen werbung publicite publicidad pubblicita
    reklam media medien campaign campaigns kampagne kampagnen 広告
    kampania kampanie reklama reklamy advertentie advertenties"""

MEDIA: dict[str, tuple[Kind, str]] = {
    "tv": (
        "tv",
        "telewizja television televisione televisor fernsehen fernseh tele ctv linear tvs",
    ),
    "radio": ("offline", "rundfunk horfunk"),
    "print": (
        "offline",
        "press presse prensa stampa zeitung zeitungen magazine magazines newspaper newspapers "
        "basin prasa",
    ),
    "ooh": (
        "offline",
        "dooh outdoor plakat plakate affichage billboard billboards exterior vallas aussenwerbung "
        "acikhava",
    ),
    "cinema": ("offline", "kino cine"),
    "flyer": ("offline", "flyers prospekt prospekte catalogue katalog leaflet depliant"),
    "sponsoring": ("offline", "sponsorship sponsor"),
    "facebook": ("online", "fb meta"),
    "instagram": ("online", "ig insta"),
    "google": ("online", "adwords gads"),
    "search": ("online", "sea sem suche suchmaschine recherche busqueda ricerca ppc arama"),
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
    "affiliate": ("online", "affiliates affiliation afiliados affiliati aff"),
    "retargeting": ("online", "remarketing criteo"),
    "influencer": ("online", "influencers"),
    "podcast": ("online", "podcasts"),
    "shopping": ("online", ""),
    "pmax": ("online", "performancemax"),
    "sms": ("online", "mms"),
    "mail": ("offline", "directmail"),
}
OFFLINE = "offline klassik"

# Words that tell channels apart no better than no word.
NOISE = """total overall gesamt sum amount eur euro euros usd gbp media weekly daily net
    netto brutto gross in of de du des la le les el los il di d l the and und et y der die
    das ad ads werbe werbung pub number nb anzahl nombre numero value val spent variable
    k teur tsd mio mln tys micros metrics thousand thousands 000 000s w do na"""

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
    def rate(self) -> bool:
        """Whether the name is of a rate: a cost per click, a revenue per order, a share."""
        if self.says("RATE") or (self.says("PER") and len(self.words) > 2):
            return True
        above, slash, below = self.text.partition("/")
        counted = [read_name(part) for part in (above, below)]
        groups = ("SPEND", "EXPOSURE", "REVENUE", "CONVERSION")
        return bool(slash) and all(
            len(part.words) <= 3 and any(part.says(group) for group in groups) for part in counted
        )

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
        words = [
            part for word in self.words for part in ((word,) if word in _KNOWN else _parts(word))
        ]
        groups = _STEMS["SPEND"] | _STEMS["EXPOSURE"] | _STEMS["NOISE"] | _STEMS["MONEY"]
        return tuple(word for word in words if word not in groups)

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
    plain = unicodedata.normalize(
        "NFKD", text.replace("ß", "ss").replace("ı", "i").replace("ł", "l").replace("Ł", "L")
    )
    plain = re.sub(r"[\u0300-\u036f]", "", plain)  # accents of Latin letters, no kana's
    plain = unicodedata.normalize("NFC", plain)
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
        both = joined[-1] + word if joined else ""
        if both in _MEDIA_STEMS or both in ("performancemax", "directmail", "dayofyear"):
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


_ENDINGS = ("", "s", "es", "e", "n", "en", "er", "lari", "leri", "lar", "ler", "si", "i")
_JOINTS = ("", "s", "e", "n", "es", "en")  # between the parts of a German compound


@lru_cache(maxsize=65536)
def _parts(word: str) -> tuple[str, ...]:
    """The word without its ending; two words, where it is made of two that are known."""
    if not word.isascii():  # scripts without spaces: every known word that is in it
        inside = tuple(each for each in _UNSPACED if each in word)
        return inside or (word,)
    own = [word.removesuffix(end) for end in _ENDINGS if word.endswith(end)]
    if known := next((each for each in own if each in _KNOWN), ""):
        return (known,)
    for at in range(2, len(word) - 2):
        first, rest = word[:at], word[at:]
        firsts = [first.removesuffix(joint) for joint in _JOINTS if first.endswith(joint)]
        rests = [rest.removesuffix(end) for end in _ENDINGS if rest.endswith(end)]
        one = next((each for each in firsts if each in _KNOWN and len(each) > 1), "")
        two = next((each for each in rests if each in _HEADS), "")
        if one and two:
            return one, two
    return (word,)


def _belongs(word: str, stems: frozenset[str]) -> bool:
    return word in stems or any(part in stems for part in _parts(word))


_KNOWN = frozenset().union(*_STEMS.values(), *_MEDIA_STEMS.values()) | {"online"}
_UNSPACED = tuple(sorted(word for word in _KNOWN if not word.isascii()))
_HEADS = frozenset(  # what ends a compound; short words end too many others
    word
    for name in ("SPEND", "EXPOSURE", "REVENUE", "CONVERSION", "CONTEXT", "RATE", "ADS", "NOISE")
    for word in _STEMS[name]
    if len(word) >= 5
)
