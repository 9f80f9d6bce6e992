"""Words that stand where names stand without being names."""

# What is written with a capital or follows "this is" without being a person's name.
NO_NAMES = frozenset({
    "adobe", "airbnb", "aldi", "asda", "barclays", "bt", "cisco", "citibank", "comcast", "costco",
    "dell", "dhl", "ebay", "ee", "etsy", "expedia", "fedex", "hermes", "hsbc", "huawei", "ibm", "ikea",
    "intel", "lidl", "linkedin", "lloyds", "lyft", "microsoft", "nationwide", "netflix", "nokia",
    "oracle", "orange", "pepsi", "sainsbury", "santander", "siri", "skype", "sony", "spotify",
    "starbucks", "tesco", "tesla", "toyota", "twitter", "uber", "ups", "usps", "verizon", "virgin",
    "vodafone", "walmart", "xfinity", "youtube", "zoom",
    "a", "able", "about", "absolutely", "account", "actually", "afraid", "after", "again",
    "ah", "airways", "all", "also", "always", "am", "amazon", "american", "an", "and",
    "android", "any", "anything", "apple", "april", "are", "as", "at", "august", "available",
    "aware", "awful", "back", "bad", "bank", "because", "been", "before", "best", "better",
    "big", "bill", "billing", "bit", "bluetooth", "british", "but", "by", "bye", "call",
    "calling", "can", "cancel", "card", "certainly", "christmas", "claims", "come", "company",
    "concerning", "could", "customer", "dad", "darling", "date", "day", "days", "dear",
    "december", "definitely", "department", "did", "do", "does", "doing", "don't", "done",
    "double", "dr", "english", "er", "erm", "every", "everybody", "everyone", "everything",
    "exactly", "excellent", "express", "facebook", "fair", "fantastic", "february", "fiber",
    "fibre", "fine", "first", "folks", "for", "fraud", "french", "friday", "from", "german",
    "glad", "god", "going", "gone", "good", "goodness", "google", "gosh", "got", "great",
    "grief", "guys", "had", "happy", "has", "have", "having", "he", "hear", "hello", "help",
    "her", "here", "hi", "him", "his", "hmm", "hold", "home", "honestly", "honey", "hotel",
    "hotels", "house", "how", "huh", "i", "i'd", "i'll", "i'm", "i've", "if", "in",
    "insurance", "internet", "iphone", "is", "it", "it's", "its", "january", "jesus", "july",
    "june", "just", "kids", "know", "ladies", "last", "let", "like", "look", "looking", "lord",
    "love", "lovely", "ma'am", "madam", "man", "march", "may", "maybe", "me", "mhm", "mine",
    "mobile", "mom", "monday", "more", "morning", "most", "mr", "mrs", "ms", "much", "mum",
    "my", "name", "never", "new", "next", "nice", "no", "nobody", "not", "nothing", "november",
    "now", "number", "october", "of", "oh", "ok", "okay", "on", "one", "only", "or", "order",
    "other", "our", "out", "over", "paypal", "perfect", "perhaps", "pharmacy", "phone",
    "please", "point", "probably", "ready", "really", "reference", "regarding", "ridiculous",
    "right", "sales", "samsung", "saturday", "see", "september", "service", "she", "should",
    "sir", "so", "some", "somebody", "someone", "something", "sorry", "spanish", "speaking",
    "still", "street", "sunday", "support", "sure", "sweetheart", "team", "technical",
    "terrible", "thank", "thanks", "that", "that's", "the", "their", "them", "then", "there",
    "they", "this", "thursday", "to", "today", "tomorrow", "too", "true", "trying", "tuesday",
    "two", "uh", "um", "unacceptable", "unknown", "up", "us", "very", "visa", "wait",
    "waiting", "was", "we", "wednesday", "welcome", "well", "went", "were", "what", "what's",
    "whatsapp", "when", "where", "which", "who", "why", "wifi", "will", "windows", "with",
    "wonderful", "working", "would", "wow", "wrong", "yeah", "year", "yep", "yes", "yesterday",
    "yet", "you", "you're", "your", "yup", "zero",
})  # fmt: skip
ORGANISATION = frozenset({
    "airline", "airlines", "airways", "auto", "avenue", "bank", "broadband", "card", "center",
    "centre", "church", "claims", "clinic", "club", "college", "company", "department",
    "drive", "energy", "fiber", "fibre", "group", "hospital", "hotel", "hotels", "inc",
    "insurance", "lane", "llc", "ltd", "mobile", "motors", "pharmacy", "plus", "premium",
    "prime", "pro", "repairs", "road", "school", "security", "services", "shop", "society",
    "store", "street", "support", "team", "telecom", "university", "visa", "wireless",
})  # fmt: skip
COMMON_WORDS = frozenset({
    "aim", "ali", "alma", "amber", "archie", "art", "august", "aurora", "austin", "bill", "charlotte", "chase", "crystal", "daisy", "dawn", "dean",
    "don", "drew", "faith", "florence", "frank", "georgia", "glen", "grace", "grant", "hans", "holly", "hope",
    "iris", "ivy", "jack", "jay", "jean", "jordan", "joy", "kelly", "ken", "lee", "logan",
    "madison", "mark", "max", "may", "melody", "mercedes", "mina", "ming", "moses", "noor", "paige", "pat", "penny", "ray", "rob", "robin", "roman",
    "rose", "sandy", "shah", "stella", "sue", "violet", "wells", "west", "white", "young", "black", "brown", "green", "stone", "wood", "banks", "park", "page", "hill", "knight", "barker", "cooper", "carter", "cook", "mason", "bishop", "miller", "turner", "walker", "fox", "day", "gill", "lim", "das", "costa", "marino", "king", "singh", "virginia", "will",
})  # fmt: skip
"""First names that are everyday words too: in small letters they need an introduction."""
AFTER_NO_NAME = frozenset({
    "airport", "arms", "avenue", "bay", "beach", "beer", "bridge", "burger", "cake", "chair",
    "coast", "college", "county", "court", "cross", "day", "falls", "hall", "hill", "hospital",
    "hotel", "house", "island", "jacket", "jeans", "line", "model", "palace", "park", "perfume",
    "phone", "pie", "place", "plum", "river", "road", "salad", "sauce", "school", "series", "shoes",
    "sofa", "sponge", "square", "stadium", "station", "street", "suite", "table", "terminal",
    "tower", "tube", "university", "watch", "whiskey", "wine",
})  # fmt: skip
"""What follows a name in the name of a place or a product: "the Victoria line"."""
