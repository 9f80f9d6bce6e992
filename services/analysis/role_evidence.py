"""What agents and customers say, as weighted patterns. A weight is evidence in log-odds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A way of speaking that tells a role; each counts at most ``most`` times a speaker."""

    pattern: re.Pattern[str]
    weight: float
    most: int = 2


def _cues(rows: Iterable[tuple[float, str]]) -> tuple[Cue, ...]:
    return tuple(
        Cue(pattern=re.compile(rf"\b(?:{pattern})", re.IGNORECASE), weight=weight)
        for weight, pattern in rows
    )


IDENTIFYING = (
    r"(?:(?:sur|first |last |full |maiden |family )names?|account|customer number|date of birth|"
    r"d\.?o\.?b|birthday|(?:e-?mail|postal|billing|delivery|street)? ?address|e-?mail|zip|"
    r"post ?code|postal code|order|reference|policy|booking|reservation|card|digits|password|pin|"
    r"passcode|security|social|phone|mobile|contact number|telephone|member(?:ship)?|staff number|"
    r"employee|serial|asset|registration|licen[cs]e|meter|tracking|sort code|expiry|reg)\b"
)
"""What a person is known by at a company: what one side asks for and the other gives."""
_ASKED_FOR = rf"(?:[\w']+ ){{0,3}}{IDENTIFYING}"
_OWN = (
    r"(?:account|bill|card|order|booking|flight|internet|phone|car|policy|insurance|prescription|"
    r"reservation|connection|router|invoice|statement|payment|package|parcel|delivery|contract|"
    r"subscription|room|claim|bank|husband|wife|mother|father|son|daughter|doctor|appointment|"
    r"vehicle|truck|password|plan|service|refund|deposit|laptop|computer|device|boiler|meter|"
    r"broadband|premium|membership|luggage|ticket|house|flat|apartment|medication|tablets)"
)
_YOURS = (
    r"(?:account|bill|card|order|booking|flight|internet|phone|car|prescription|reservation|"
    r"connection|router|invoice|statement|payment|package|parcel|contract|subscription|room|claim|"
    r"appointment|vehicle|plan|device|meter|membership|ticket|balance|medication|details)\b"
)
_DEPARTMENT = (
    r"(?:billing|(?:it|tech(?:nical)?|customer|product)? ?support|(?:it )?(?:service|help) ?desk|"
    r"customer (?:services?|care|relations)|claims|sales|reservations|bookings|repairs|parts|"
    r"accounts|reception|front desk|memberships?|returns|orders|dispatch|enquiries|switchboard|"
    r"pharmacy|emergency|appointments|complaints|retentions?|loyalty|fraud)\b"
)
_POLITE_TO_CUSTOMERS = r"help|apologi|offer|confirm|verify|thank|place|put|let|ask|take|assure|make"

AGENT_CUES = _cues(
    [
        (2.5, r"thank(?:s| you) (?:so much |very much )?for (?:calling|contacting|phoning)"),
        (2.5, r"how (?:may|can|could) (?:i|we) (?:be of )?(?:help(?: you\b|(?=[?.!]|\s*(?:\n|$|"
              r"today)))|assist|direct)"),
        (1.2, r"what can i (?:do|help)|what are you looking to"),
        (2.5, r"(?:is there )?any(?:thing|thing at all| other thing) (?:else )?(?:that )?"
              r"(?:i|we) (?:can|could|may)"),
        (1.5, r"(?:is there )?anything else (?:today|at all|i|you need|for you)|is there "
              r"anything else"),
        (2.0, r"thank(?:s| you) (?:so much |very much )?for (?:\w+ )?(?:holding|waiting|"
              r"patience)"),
        (2.0, r"(?:this|the|your) call (?:may be|is|will be|is being) (?:\w+ )?record|"
              r"calls (?:are|may be) (?:\w+ )?record"),
        (1.4, r"(?:can|could|may|might) i (?:please )?(?:\w+ )?(?:have|get|take|grab|know|"
              rf"confirm) (?:your|the|a) {_ASKED_FOR}"),
        (1.6, r"(?:can|could|would) you (?:please )?(?:\w+ )?(?:give|tell|confirm|verify|"
              rf"provide|read|spell)(?: me| out)? (?:your|the) {_ASKED_FOR}"),
        (1.1, rf"what(?:'s| is) (?:your|the) {_ASKED_FOR}|(?:what|which) (?:e-?mail|number|"
              r"address) (?:is|was) (?:it|that|the)"),
        (1.1, rf"(?:do you have|have you got) (?:the|your|an?) {_ASKED_FOR}|"
              rf"i(?:'ll| just)? need your {_ASKED_FOR}"),
        (0.5, r"(?:can|could|may|might) i (?:please )?(?:just )?(?:have|get|take) (?:your|"
              r"the) name|what(?:'s| is) (?:your|the) name|(?:what|which) name is"),
        (0.7, r"who(?:m)? (?:am i|do i have) (?:the pleasure|speaking|talking)"),
        (1.5, r"(?:security|verification) (?:purposes?|questions?|check)|(?:just )?to "
              r"verify|for (?:security|verification)|(?:take|run) you through security"),
        (1.2, r"(?:verify|confirm) (?:your|you\b|that you|the last|the first)"),
        (1.4, r"(?:put|place|have) you (?:on|through|back on)|(?:brief|quick|short) hold|"
              r"transfer you|connect you"),
        (0.9, r"bear with me|one moment(?: please)?|just a moment|let me (?:just "
              r")?(?:check|look|pull|see|have a look|bring|get that|take a look|go ahead)"),
        (1.0, r"(?:welcome to|you(?:'ve| have) reached|you(?:'re| are) (?:through|"
              r"speaking) (?:to|with))"),
        (0.9, r"i(?:'m| am) (?:so |very |really |truly |terribly )?sorry (?:to hear|about|"
              r"for)|i (?:do |sincerely )?apologi[sz]e|my apologies|apologies for"),
        (0.8, r"i(?:'ve| have) (?:just |now |also )?(?:taken|removed|credited|waived|"
              r"processed|booked|arranged|updated|cancel+ed|sent|issued|reset|added|"
              r"applied|noted|refunded|e-?mailed|put (?:that|it|a|the))"),
        (0.8, r"i(?:'ll| will| can|'m going to) (?:\w+ )?(?:send|e-?mail|text|process|refund|"
              r"credit|waive|arrange|book|escalate|issue|transfer|look into|take care|get that|"
              r"set (?:that|this|it)|do that|help|offer|order (?:it|that)|pass (?:that|it)|"
              r"make a note|follow (?:it|that|this|up)|put you|get you|raise|log (?:a|it|that))"),
        (0.7, r"(?:i|we) can see|i(?:'m| am) (?:showing|seeing)|looking at (?:your|the)|"
              r"(?:on|in) (?:our|my) (?:system|records|end|side|file)"),
        (0.6, rf"your (?:\w+ )?{_YOURS}"),
        (0.6, r"our (?:policy|records|department|technicians?|engineers?|warehouse|courier|"
              r"billing)"),
        (0.5, r"you(?:'re| are) (?:very |most )?welcome|have a (?:great|good|nice|lovely|"
              r"wonderful|pleasant) |ma'am|\bsir\b"),
        (1.2, r"calling (?:you )?from(?! my)|on behalf of|we(?:'re| are) calling|courtesy call|"
              r"you made on our|scale of (?:one|1|zero|0) to|how satisfied (?:are|were) "
              r"you|would you recommend us|(?:calling|ringing) about your (?:appointment|order|"
              r"account|claim|bill|application|enquiry|policy)"),
        (0.9, r"you(?:'re| are) (?:all set|verified|good to go)|that(?:'s| has) gone through|how "
              r"would you like to pay|i(?:'ll| can| could) (?:send|get) (?:someone|somebody)"),
        (1.2, r"(?:am i speaking (?:to|with)|(?:could|can|may) i (?:please )?(?:speak|talk) "
              r"(?:to|with)|is (?:that|this)) (?:mr|mrs|ms|miss)\b|am i speaking (?:to|with) "
              r"(?!(?:the|a|an|someone|somebody)\b)"),
        (0.8, r"(?:thank you|thanks|certainly|of course|okay|alright|sorry|yes|no)[,.]? "
              r"(?:so much[,.]? )?(?:mr|mrs|ms|miss|madam)\b"),
        (0.9, r"thank(?:s| you) (?:so much |very much )?for (?:your|the) (?:time|support|"
              r"loyalty|business|cooperation|payment|information|verification|confirmation)"),
        (0.9, r"i(?:'ve| have)(?: got)? you (?:down|booked|in)\b|i(?:'ll| can| will) (?:put|get|"
              r"book|pop|fit|squeeze) you (?:down|in)\b"),
        (0.9, r"shall i (?:confirm|book|go ahead|send|put|order|set|cancel|read|process)"),
        (0.6, r"would you (?:like|prefer|be interested|consider|rather)|when would suit"),
        (0.6, r"you(?:'ll| will| should) (?:get|receive|see|have|hear) (?:an?|it|from us|the|"
              r"your|another)\b|will be with you"),
        (0.6, r"we (?:can|do|could|would|will) (?:\w+ )?(?:offer|set|send|arrange|give|have|"
              r"credit|refund|get|replace)"),
        (0.7, r"before (?:i|we) (?:go|continue|start|proceed|can)|(?:going to|gonna) go ahead"),
        (0.7, r"kindly |please allow me|i request you|may i know|the inconvenience"),
        (0.5, r"i (?:do |totally |completely |fully |can )?understand (?:your|how|that|sir|ma)"),
        (0.6, r"what(?:'s| is| seems to be) the (?:problem|issue|matter|trouble)|how can we"),
        (0.8, r"have you (?:been (?:with us|here|to us|seen here)|used us|had this)|is (?:now|"
              r"this) a (?:good|convenient) time"),
        (0.5, r"(?:can|could) you (?:please )?(?:turn|unplug|plug|press|hold|restart|reboot|click|"
              r"tap|scroll|open|look at the|read)\b|(?:just )?pop (?:it|that|your)"),
        (0.7, r"(?:collection|pick ?up) or delivery|card or cash|cash or card"),
        (2.5, r"gracias por llamar|en qu[ée] (?:le |te |lo |la )?pued[oe]|le atiende|algo "
              r"m[áa]s en que|merci d'avoir appel|en quoi puis-je|que puis-je|wie kann "
              r"ich ihnen|was kann ich f[üu]r sie|in cosa posso|como posso ajud"),
        (1.4, r"pued[oe] ayudarle en algo m[áa]s|algo m[áa]s en lo que|con qui[ée]n tengo el "
              r"gusto|puis-je faire autre chose|autre chose pour vous|sonst noch (?:etwas|"
              r"fragen|was)|[àa] votre [ée]coute|service client\b"),
        (1.2, r"me (?:puede|podr[íi]a) (?:dar|indicar|decir|confirmar)|me (?:facilita|indica|"
              r"confirma) (?:su|el|la)|ne quittez pas|puis-je avoir|votre (?:nom|num[ée]ro|"
              r"adresse|dossier|date)|su (?:nombre|n[úu]mero|direcci[óo]n|dni|fecha|correo)|"
              r"ihre[nr]? (?:kundennummer|versicherungsnummer|namen?|adresse|anschrift|"
              r"geburtsdatum|vertragsnummer|bestellnummer)|ihr (?:name|geburtsdatum)"),
        (0.7, r"(?:disculpe|lamento|perdone) (?:por )?las molestias|lo compruebo|que tenga (?:un )?"
              r"buen|toutes mes excuses|je (?:v[ée]rifie|regarde|consulte)|je suis d[ée]sol|"
              r"das tut mir leid|ich (?:schaue|sehe|pr[üu]fe|schicke ihnen)|einen moment bitte"),
    ]
)  # fmt: skip

CUSTOMER_CUES = _cues(
    [
        (1.5, r"i(?:'m| am| was|'ve been) (?:just )?(?:calling|phoning|ringing) (?:about (?!your)|"
              r"because|to (?!check|see|let|confirm|remind|tell)|regarding|for|with|in|you "
              r"about)|i(?:'m| am) on the (?:line|phone) about"),
        (0.9, r"(?:it's|it is|this is) about (?:my|an?|the)\b"),
        (1.2, r"is this the right (?:place|number|department)|am i through to|have i (?:reached|"
              r"come through)|is (?:this|that) the (?:\w+ )?(?:department|team|desk|office)"),
        (1.3, r"i (?:already )?(?:called|phoned|rang|spoke) (?:\w+ ){0,3}(?:last|"
              r"yesterday|earlier|before|already|this morning|about|on|to)"),
        (1.3, r"i(?:'ve| have)?(?: got)? (?:a|an|this|some|another|two) (?:\w+ "
              r")?(?:problems?|questions?|issues?|complaints?|concerns?)"),
        (1.0, r"i(?:'ve| have)?(?: just)? (?:had|got|received) an? (?:\w+ )?(?:letter|text|bill|"
              r"message|e-?mail|notification|invoice)"),
        (0.8, rf"my (?:\w+ )?{_OWN}"),
        (0.7, rf"i(?:'d| would) (?:just )?like (?:to (?!(?:\w+ )?(?:{_POLITE_TO_CUSTOMERS}))|an? |"
              rf"my|some)|i (?:just )?want(?:ed)? (?:to (?!{_POLITE_TO_CUSTOMERS}|check|let)|my|"
              rf"a)|i need (?:to (?!{_POLITE_TO_CUSTOMERS}|check|transfer|speak to my)|an? "
              rf"(?!{_ASKED_FOR})|my|some)|i was (?:wondering|hoping)"),
        (0.7, rf"(?:can|could|may) i (?:please |just )?(?:order|book|make|pay|return|cancel|"
              rf"change|(?:get|have) (?:an?|the|my|some) (?!{_ASKED_FOR}))"),
        (1.3, r"i was (?:charged|told|billed|promised|supposed|overcharged|given|quoted)|"
              r"(?:they|he|she|somebody|someone) (?:told|said|promised|charged) me|"
              r"you(?:'ve| have)? (?:charged|billed|overcharged|sent|sold) me"),
        (0.8, r"i (?:\w+ )?(?:ordered|bought|paid|received|lost|tried|booked|"
              r"signed up|returned)\b"),
        (1.0, r"you (?:guys|people)|your (?:company|website|colleagues?|staff|people|driver|"
              r"technician|engineer)\b"),
        (1.3, r"i(?:'ve| have) been (?:waiting|a customer|with you|on hold|trying|calling|"
              r"told|charged|without)"),
        (1.5, r"(?:speak|talk) (?:to|with) (?:a|your|the|someone|somebody) ?(?:manager|"
              r"supervisor|human|person|else)?\b(?! (?:mr|mrs|ms|miss)\b)"),
        (0.7, r"(?:can|could|would|will) you (?:guys )?(?:please )?(?:fix|help|cancel|sell|"
              r"explain|waive|change)|(?:can|could) (?:someone|somebody) |do you (?:guys )?"
              rf"(?:sell|do|have)(?! (?:the|your|an?) {_ASKED_FOR})"),
        (0.3, r"(?:can|could|will) you (?:guys )?(?:check|send|look|just)"),
        (0.6, r"how (?:much|long) (?:is|will|would|does|do|are)|when (?:will|can) (?:i|"
              r"you|it)|(?:will|do|can|am|should) i (?:get|have to|need|still|be)|will my\b"),
        (0.8, r"(?:is|it's|it is|are|that's) not working|(?:isn't|doesn't|stopped|won't) "
              r"work|keeps? (?:dropping|cutting|saying|failing|throwing)|(?:says|shows|showing) "
              r"no (?:service|signal)|no sign of (?:it|them)"),
        (0.9, r"i(?:'m| am) (?:locked out|unable to|having (?:\w+ )?(?:trouble|problems|issues))|"
              r"i can't (?:seem to |even )?(?:log|get|access|open|connect|send|print|sign|use)|"
              r"(?:are|is|went|gone|'s) (?:all )?(?:blank|dead|broken|frozen|missing|faulty)|"
              r"(?:hasn't|haven't|has not|never) (?:\w+ )?(?:arrived|come|turned up|been "
              r"delivered)|f(?:e|a)ll(?:en)? apart"),
        (0.9, r"thank(?:s| you) (?:so much |very much )?for (?:your|the|all your) help|"
              r"you(?:'ve| have) been (?:very |so |really )?(?:helpful|kind|great|brilliant|"
              r"wonderful)|appreciate your help|you(?:'re| are) a (?:star|lifesaver|legend)"),
        (0.7, r"(?:looking|hoping|trying|wanting) to (?:book|order|buy|cancel|return|change|pay|"
              r"find|track|report)|i(?:'ve| have)? (?:just )?(?:had|got) a missed call"),
        (0.8, r"sorry to (?:bother|trouble|be a (?:pain|nuisance))|(?:ring|call|phone) me back"),
        (0.8, r"no[,.]? (?:thanks[,.]? )?(?:that's|that is|that was|that'll be|that will be) "
              r"(?:all|it|everything)\b|no[,.]? nothing(?: else)?"),
        (0.6, r"cancel my|i(?:'ll| will) (?:be )?(?:cancel|switch|leav)|this is "
              r"ridiculous|unacceptable|fed up|(?:since|until) (?:yesterday|this morning|last (?:"
              r"night|week|month))|my money back"),
        (1.0, r"quer[íi]a (?:saber|preguntar)|tengo un(?:a)? (?:problema|pregunta|duda|"
              r"consulta)|j'appelle (?:pour|parce)|je voudrais|j'ai un probl[èe]me|ich "
              r"habe (?:ein|eine)|me gustar[íi]a|quisiera|llamo (?:porque|para|por)|me han "
              r"cobrado|je n'ai (?:plus|rien|pas|toujours)|ich rufe an|ich m[öo]chte"),
        (0.7, r"mi (?:tarjeta|factura|pedido|l[íi]nea|cuenta|contrato)|no me (?:deja|funciona|"
              r"llega)|mon (?:colis|compte|contrat|abonnement|t[ée]l[ée]phone)|ma (?:facture|carte|"
              r"commande|ligne)|meine[rnm]? (?:rechnung|konto|bestellung|vertrag|karte|auto|"
              r"paket|internet)|f[üu]r ihre hilfe"),
    ]
)  # fmt: skip

INTRODUCTION = re.compile(
    r"\b(?:this is|my name is|you(?:'re| are) speaking (?:with|to)|i(?:'m| am)) "
    r"(?P<name>[^\W\d_]+|\[PERSON\])",
    re.IGNORECASE,
)
DESK = re.compile(
    rf"^(?:(?:hello|hi|good (?:morning|afternoon|evening))\W+)?(?:the )?(?:\w+ )?{_DEPARTMENT}"
    rf"(?!.*\?.*\w)|\bthis is \w+ (?:in|at|from|with) (?:the )?{_DEPARTMENT}",
    re.IGNORECASE,
)
"""A department's name where one says who one is: "Billing, Tom speaking"."""

COLLEAGUES = re.compile(
    r"\b(?:(?:i(?:'ve| have)(?: got)?|there(?:'s| is)) (?:a|the|this) (?:customer|caller|client|"
    r"member|patient) (?:here|on|who|that|holding|waiting|calling)"
    r"|(?:has|have|did|is) (?:she|he|they|the (?:customer|caller)) (?:been )?(?:passed|pass|"
    r"cleared|clear|completed|verified|through) (?:security|verification|id)"
    r"|(?:she|he|they)(?:'s|'ve| has| have) (?:passed|cleared|completed|failed) (?:security|"
    r"verification|id)|(?:put|send|transfer) (?:the (?:customer|caller)) (?:through|over))\b",
    re.IGNORECASE,
)
"""Talk about a customer in the third person: then neither of two speakers need be one."""
FAMILY = re.compile(
    r"\b(?:(?:hi|hello|hey|bye|morning|okay|thanks),? (?:mum|mummy|mom|mommy|dad|daddy|gran|granny|"
    r"grandma|grandpa|grandad|nan|nana|auntie)|love you)\b",
    re.IGNORECASE,
)
"""How relatives greet: they help each other too, and neither is an agent."""

_REPORTED = re.compile(
    r"\b(?:it|they|he|she|you|that|colleagues?|website|letter|text|e-?mail|message|recording|"
    r"person|lady|man|woman|guy|somebody|someone|everyone|nobody) (?:\w+ )?"
    r"(?:said|says|saying|goes)\b[^.!?\n]{0,80}",
    re.IGNORECASE,
)


def weigh(text: str, cues: Iterable[Cue]) -> float:
    """Add up the evidence of all cues found in a text, in log-odds."""
    plain = text.replace("’", "'")
    return sum(cue.weight * min(cue.most, len(cue.pattern.findall(plain))) for cue in cues)


def without_reported_speech(text: str) -> str:
    """Leave out what others are quoted with: "he said how can I help" makes nobody an agent."""
    return _REPORTED.sub(" ", text.replace("’", "'"))
