"""What people ask each other for, and the words by which they speak of it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from services.domain.speech import PiiType


class Subject(StrEnum):
    """What people ask each other for."""

    CARD = "card"
    EXPIRY = "expiry"
    CVV = "cvv"
    SSN = "ssn"
    PHONE = "phone"
    EMAIL = "email"
    IBAN = "iban"
    ACCOUNT = "account"
    POLICY = "policy"
    BOOKING = "booking"
    DOB = "dob"
    ADDRESS = "address"
    PERSON = "person"


TYPES = {
    Subject.CARD: PiiType.CARD,
    Subject.EXPIRY: PiiType.CARD,
    Subject.CVV: PiiType.CVV,
    Subject.SSN: PiiType.SSN,
    Subject.PHONE: PiiType.PHONE,
    Subject.EMAIL: PiiType.EMAIL,
    Subject.IBAN: PiiType.IBAN,
    Subject.ACCOUNT: PiiType.ACCOUNT,
    Subject.POLICY: PiiType.POLICY,
    Subject.BOOKING: PiiType.BOOKING,
    Subject.DOB: PiiType.DOB,
    Subject.ADDRESS: PiiType.ADDRESS,
    Subject.PERSON: PiiType.PERSON,
}

# The first pattern that fits at a place counts.
_ENGLISH: Sequence[tuple[Subject, str]] = (
    (Subject.EXPIRY, r"expir\w*|exp(?: date)?|valid (?:thru|through|until|from)|"
                     r"good (?:thru|through)"),
    (Subject.CVV, r"cv[vc2]\d?|c v [vc]|cid|card verification (?:value|code|number)|"
                  r"(?:card )?security (?:code|number)(?: on the (?:back|front))?|"
                  r"(?:last )?(?:three|3|four|4) (?:digits?|numbers?) ?(?:code|number)?"
                  r"(?: (?:that's |that are )?(?:on|from|at) (?:the|your|my) "
                  r"(?:back|front|reverse|signature))(?: of (?:the|your|my) \w+)?|"
                  r"(?:three|3) digit (?:code|number)|last (?:three|3)(?: digits| numbers)?"
                  r"(?: on the (?:back|front|reverse|signature))?|"
                  r"(?:code|digits|numbers?) on (?:the|your|my) (?:back|front|reverse)"
                  r"(?: of (?:the|your|my) \w+)?|"
                  r"(?:on|at) the back(?: of it)?|back of (?:the|your|my) card|signature strip"),
    (Subject.SSN, r"social(?: security)?(?: number)?(?!\s*(?:media|worker|network|club|event))|ssn|"
                  r"s s n|national insurance(?: number)?|n ?i (?:number|no)|nino|"
                  r"tax (?:id\w*|number|payer|file)(?: number)?|national id\w*(?: number)?|"
                  r"passport(?: number| no)?|ein(?= is| number)|"
                  r"(?:driver'?s?|driving)'? (?:licen[sc]e)(?: (?:number|no))?"
                  r"|licen[sc]e number|n ?h ?s number|bsn|b s n|d ?n ?i|nie|pesel|"
                  r"sin(?= is| number)|"
                  r"social insurance(?: number)?|tfn|aadhaar|medicare (?:number|id)|"
                  r"id card(?: number)?|identity (?:card|number)|green card number|"
                  r"alien (?:registration )?number"),
    (Subject.CARD, r"(?:credit |debit |bank |gift )?card(?: number)?|long number|visa|"
                   r"master ?card|amex|american express|(?:sixteen|16)(?: digits?| numbers?)"
                   r"(?: (?:on|across) the front)?(?: of (?:the|your|my) card)?|maestro"),
    (Subject.IBAN, r"iban|i ban|i b a n"),
    (Subject.EMAIL, r"e-? ?mail(?: address)?"),
    (Subject.DOB, r"date of birth|birth ?date|birthday|dob|d o b|born|year of birth"),
    (Subject.POLICY, r"(?:insurance )?policy(?: (?:number|reference|ref|id|code|no))?"),
    (Subject.BOOKING, r"(?:booking|reservation|confirmation|itinerary)(?: (?:code|number|"
                      r"reference|ref|id|no)(?: number| code)?)?|record locator|p ?n ?r|"
                      r"ticket number|locator|booked (?:as|under)"),
    (Subject.PHONE, r"(?:tele)?phone|mobile|cell ?(?:phone|number)?|land ?line|"
                    r"(?:best )?contact(?: number)?|contact details|area code|fax|dial|"
                    r"best number|call ?back number|(?:call|ring|reach|text|contact|phone|get|try) "
                    r"(?:you|me|him|her|them|us)(?: back)?(?: at| on)?|"
                    r"(?:his|her|their) number|which number|what number|whatsapp|voicemail|"
                    r"(?:call|ring|text|phone)(?= (?:oh|zero|double|triple|plus|one|two|three|"
                    r"four|five|six|seven|eight|nine|\+?\d))"),
    (Subject.ADDRESS, r"(?<!email )(?<!mail )address|post ?codes?|postal code|zip(?: code)?|"
                      r"where (?:do|are) you liv\w*|live (?:at|on|in)|deliver (?:it |them )?to|"
                      r"ship (?:it |them )?to|house number|moved to|"
                      r"(?:send|post|mail|bill|take) (?:\w+ ){1,2}to(?= (?:\d|one|two|three|"
                      r"four|five|six|seven|eight|"
                      r"nine|ten|eleven|twelve|\w+teen|\w+ty|flat|apartment|unit))|"
                      r"where (?:should|shall|can|do) (?:we|i) send \w+"),
    (Subject.ACCOUNT, r"accounts?(?: number| no| id)?|acct|a/c(?: no)?|"
                      r"customer (?:number|id|no|reference)|member(?:ship)?(?: number| id| no)?|"
                      r"loyalty (?:number|id)|frequent flyer(?: number)?|"
                      r"reference(?: number| code)?|case (?:number|reference)|sort code|"
                      r"routing(?: number)?|registration(?: number)?|reg(?: number)?|"
                      r"pin(?: number| code)?|passcode|pass ?word|"
                      r"(?:order|claim|tracking|serial|prescription|invoice|ticket|report|"
                      r"license plate|medical record|patient|employee|meter|contract|student|user) "
                      r"(?:number|id|no)|(?:licen[sc]e|number|your|the) plate|"
                      r"plate(?= number| is|'s)|verification code|one.time code"),
)  # fmt: skip
_ELSEWHERE: Mapping[str, Sequence[tuple[Subject, str]]] = {
    "es": (
        (Subject.EXPIRY, r"caducidad|vencimiento|caduca"),
        (Subject.CVV, r"cvv|cvc|código de seguridad|(?:tres|cuatro) dígitos"),
        (Subject.CARD, r"tarjeta"),
        (Subject.SSN, r"dni|nie|seguridad social|pasaporte|documento de identidad"),
        (Subject.IBAN, r"iban"),
        (Subject.EMAIL, r"correo(?: electrónico)?|e-?mail"),
        (Subject.DOB, r"fecha de nacimiento|nací|nacido|nacida|cumpleaños"),
        (Subject.POLICY, r"póliza"),
        (Subject.BOOKING, r"reserva(?:ción)?|localizador"),
        (Subject.PHONE, r"teléfono|móvil|celular|llámeme|llamarme"),
        (Subject.ACCOUNT, r"cuenta|número de cliente|referencia|pedido número"),
    ),
    "fr": (
        (Subject.EXPIRY, r"expiration|expire"),
        (Subject.CVV, r"cvv|cvc|cryptogramme|(?:trois|quatre) chiffres|code de sécurité"),
        (Subject.CARD, r"carte(?: bancaire| bleue| de crédit)?"),
        (Subject.SSN, r"sécurité sociale|numéro de sécu|passeport|carte d'identité"),
        (Subject.IBAN, r"iban"),
        (Subject.EMAIL, r"e-?mail|courriel|adresse mail"),
        (Subject.DOB, r"date de naissance|né le|née le|anniversaire"),
        (Subject.POLICY, r"contrat(?: d'assurance)?|police"),
        (Subject.BOOKING, r"réservation|dossier"),
        (Subject.PHONE, r"téléphone|portable|numéro de contact|rappeler|appeler|joindre"),
        (Subject.ACCOUNT, r"compte|numéro (?:de )?client|référence"),
    ),
    "de": (
        (Subject.EXPIRY, r"ablaufdatum|gültig bis|läuft ab"),
        (Subject.CVV, r"cvv|cvc|prüfziffer|prüfnummer|sicherheitscode"),
        (Subject.CARD, r"(?:kredit|bank|ec-?)?karten?(?:nummer)?"),
        (Subject.SSN, r"sozialversicherungsnummer|steuer-?id\w*|ausweisnummer|personalausweis|"
                      r"reisepass\w*"),
        (Subject.IBAN, r"iban"),
        (Subject.EMAIL, r"e-?mail(?:-?adresse)?|mailadresse"),
        (Subject.DOB, r"geburtsdatum|geboren|geburtstag"),
        (Subject.POLICY, r"police|versicherungs(?:schein)?nummer|policennummer"),
        (Subject.BOOKING, r"buchungs(?:nummer|code)|buchung|reservierung(?:snummer)?"),
        (Subject.PHONE, r"telefon(?:nummer)?|handy(?:nummer)?|mobilnummer|rückruf(?:nummer)?|"
                        r"erreichen"),
        (Subject.ADDRESS, r"postleitzahl|plz|adresse|anschrift"),
        (Subject.ACCOUNT, r"konto(?:nummer)?|kundennummer|vertragsnummer|referenz\w*|"
                          r"bestellnummer|bankleitzahl"),
    ),
}  # fmt: skip


def spoken_of(language: str) -> Sequence[tuple[Subject, str]]:
    """Return the expressions for each subject in a language; English ones are known everywhere."""
    own = _ELSEWHERE.get(language, ())
    return [*own, *((s, p) for s, p in _ENGLISH if all(s is not o for o, _ in own))]
