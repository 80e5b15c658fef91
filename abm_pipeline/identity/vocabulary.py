"""Words that say nothing about which company it is: legal forms, places, notes, and texts that stand for no name.

Belongs here: vocabulary. All of it is lower-case ASCII as `text.latin` writes it, unless said. How it is used is in
`records`.
"""

from __future__ import annotations

from functools import cache

# At the end of a name, several in a row; the longest are tried first.
LEGAL_FORMS = """
a s|ab|ab publ|ac|ae|ag|ag co kg|ag und co kg|as|a/s|aps|asa|avv|bhd|berhad|bt|bv|bvba|co|co inc|co kg|co kgaa|co llc
co ltd|co ltda|company|cooperative|corp|corporation|cv|cvba|d o o|doo|d d|dd|dba|dmcc|e g|eg|ehf|eirl|ei
eingetragener verein
ek|e k|e u|eu|eurl|e v|ev|fze|fzco|fz llc|g k|gk|gbr|gesmbh|ges mbh|gmbh|gmbh co kg|gmbh und co kg|gmbh and co kg
and co kg|und co kg|and co kgaa|und co kgaa
gmbh co kgaa|gie|hf|hb|incorporated|inc|jsc|k g|kabushiki gaisha|kabushiki kaisha|kb|kda|kft|kg|kgaa|k k|kk|ks
kommanditgesellschaft
limited|limited company|limited liability company|limited partnership|limitada|llc|llp|l p|lp|lllp|ltd|ltd co|ltda
ltd sti|lda|mbh
naamloze vennootschap|nv|n v|nyrt|oao|ojsc|ohg|ooo|oy|oyj|pao|p c|pc|pjsc|plc|pllc|proprietary|proprietary limited
pte|pte ltd|pt|pty|pty ltd
public limited company|pvt|pvt ltd|private|private limited|rt|s a|sa|sa de cv|s a b de c v|sab de cv|sab|sapi de cv
sapi|s a s|sas|sasu|s c|sc|sca|scs|sci|scop|s de rl de cv
s de rl|se|sendirian berhad|sdn bhd|sgps|s l|sl|slu|sl u|s l u|s n c|snc|societa per azioni|societe anonyme
aktiengesellschaft
aktiebolag|aktieselskab|osakeyhtio|sociedad anonima|sociedade anonima|sociedad limitada
gesellschaft mit beschrankter haftung|sp j|sp k|sp p
sp z o o|sp z oo|sp zoo|spolka z oo|spolka z o o|spolka akcyjna|s p a|spa|spol s r o|spol s ro|spol sro|spj|srl|s r l
srls|s r o|sro|ltee|ltee inc
stock company|tbk|pt tbk|tov|ooo tov|too|u g|ug|ug haftungsbeschrankt|ulc|unlimited|vof|yk|yoxel|zao|zrt|z oo|a o|ao
ad|ead|eood|ood|oe|epe|ike|ik
anonim sirketi|limited sirketi|sirketi|a s tic|ve tic|san ve tic a s|san ve tic as|san tic|as turk|godo kaisha
youxian gongsi|gufen youxian gongsi
jituan|gongsi|youxiangongsi|yugen kaisha|jusighoesa|jusikhoesa
sau|slne|s coop|scoop|s en c|cia ltda|cia|unipessoal|unipessoal lda|unipersonal|eireli|epp|ltda me|p s|i s|ivs|ans|nuf
oyj abp|oy ab|ky|sp zoo sp k|sp z o o sp k|gmbh co ohg|ggmbh|stiftung|e g m b h|vzw|asbl|cvoa|sprl|stichting|sa nv
nv sa|teoranta|dac|designated activity company|v o s|vos|wll|w l l|psc|saoc|saog|fz|fze llc|p ltd|aust|s pte ltd
gesellschaft mbh|societate cu raspundere limitata|sociedad anonima de capital variable|a b|prat
"""
# In front of a name.
LEGAL_FRONT = (
    "ooo oao zao pao ao pjsc ojsc jsc tzov mr mrs dr pt cv ud firma fa the msw messrs uab sia tov chp ip too smt "
    "sarl sas societe ste oy ab aktiebolaget stichting prat"
)
# In their own scripts, before transliteration, anywhere.
LEGAL_NATIVE = [
    "株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "（株）",
    "(株)", "㈱", "㈲", "股份有限公司", "有限责任公司", "有限公司", "股份公司",
    "集团公司", "집단", "주식회사", "유한회사", "(주)", "㈜",
    "ООО", "ОАО", "ЗАО", "ПАО", "ТОВ", "ТОО", "ИП", "ЧП",
]  # fmt: skip
# At the end too, once legal forms are gone; they make no other company of it (a brand's country, its holding).
SOFT = """
group|grp|gruppe|groupe|grupo|gruppo|grupa|groep|holding|holdings|hldgs|hldg|beteiligungs|beteiligung|international
intl|int|global
worldwide|world wide|emea|apac|latam|dach|europe|europa|asia|asia pacific|americas|america|north america|nordics
nordic|benelux|and co|and company
and sons|und sohne|et fils|hq|headquarters|head office|hauptsitz|zentrale|office|branch|niederlassung|filiale
succursale|sede|oddzial|zweigniederlassung|subsidiary
"""
NATIVE_PLACES = """
deutschland|france|espana|italia|osterreich|oesterreich|schweiz|suisse|svizzera|polska|nederland|belgie|belgique
sverige|norge|danmark|suomi
uk|u k|united kingdom|gb|usa|u s a|us|united states|brasil|mexico|nippon|japan|china|zhongguo|rossiya|rus|russia
hellas|ellas|turkiye|turkey|portugal|eire|ireland
magyarorszag|cesko|ceska republika|cz|sk|slovensko|romania|bulgaria|hrvatska|srbija|slovenija|india|singapore
hong kong|hongkong|taiwan|korea
australia|canada|nz|new zealand|south africa|israel|uae|dubai|austria|germany|switzerland|spain|italy|poland
netherlands|belgium|sweden|norway
denmark|finland|england|great britain|britain|scotland|wales|vietnam|thailand|indonesia|malaysia|philippines
saudi arabia|ksa|argentina|chile
colombia|peru|egypt|nigeria|kenya|morocco|ukraine|ukraina|de|fr|it|es|at|ch|pl|nl|be|se|no|dk|fi|jp|cn|br|mx|au|ca|in
sg|hk|kr|tw|za|ie|pt|gr|tr|ru
deu|fra|esp|ita|gbr|che|aut|nld|bel|swe|dnk|fin|pol|cze|hun|rou|bgr|prt|irl|grc|tur|chn|jpn|kor|ind|aus|nzl|bra|arg|zaf
isr|are|sgp|hkg|twn|ukr|hrv|svk|lux|rsa|swiss|holland|iceland|luxembourg|luxemburg|estonia|eesti|latvia|latvija
lithuania|lietuva|croatia|slovenia|slovakia|serbia|malta|cyprus|qatar|kuwait|bahrain|pakistan|bangladesh|sri lanka
algeria|tunisia|ghana|ecuador|uruguay|venezuela|panama|costa rica|guatemala|belarus|kazakhstan|georgia|lebanon|senegal
south korea|republic of ireland|northern ireland|czech republic|czechia|hungary|north macedonia|belgien|belgium
frankreich|spanien|italien|polen|niederlande|schweden|danemark|norwegen|finnland|griechenland|kanada|tschechien|ungarn
turkei|bharat|do brasil|de mexico|of america
"""
# What firms put behind their label in the domain of a country.
COUNTRY_CODES = """
us usa uk gb de fr nl es it pl se dk no fi ch at be ie pt cz hu tr br mx in jp cn kr ru ua gr sg au ca za nz ro bg hk tw
il ae ar cl co my th vn id ph eu emea apac latam
"""
# Abbreviations, and what they stand for.
SHORT = {
    "mfg": "manufacturing", "mfrs": "manufacturers", "svc": "service", "svcs": "services", "serv": "services",
    "tech": "technology", "techs": "technologies", "technol": "technologies", "sys": "systems", "syst": "systems",
    "sol": "solutions", "solns": "solutions", "soln": "solution", "eng": "engineering", "engg": "engineering",
    "engrg": "engineering", "mgmt": "management", "mgt": "management", "assoc": "associates", "assocs": "associates",
    "assn": "association", "bros": "brothers", "natl": "national", "nat": "national", "univ": "university",
    "dept": "department", "ctr": "center", "centre": "center", "fin": "financial", "finl": "financial",
    "pharm": "pharma", "pharmaceuticals": "pharma", "pharmaceutical": "pharma", "chem": "chemicals", "elec": "electric",
    "elect": "electronics", "electr": "electronics", "ind": "industries", "inds": "industries", "indus": "industries",
    "ins": "insurance", "inv": "investments", "invs": "investments", "lab": "laboratory", "labs": "laboratories",
    "prod": "products", "prods": "products", "dist": "distribution", "distrib": "distribution", "dev": "development",
    "devt": "development", "comm": "communications", "comms": "communications", "telecommunications": "telecom",
    "telecommunication": "telecom",
    "transp": "transport", "constr": "construction", "cons": "consulting", "consult": "consulting",
    "ent": "enterprises", "ents": "enterprises", "prop": "properties", "props": "properties", "res": "resources",
    "sci": "sciences", "sw": "software", "adv": "advanced", "amer": "american", "corp": "corporation",
    "logist": "logistics", "log": "logistics", "hosp": "hospital", "med": "medical", "mktg": "marketing",
    "ptnrs": "partners", "ptrs": "partners", "prtnrs": "partners", "mach": "machinery", "mat": "materials",
    "mats": "materials", "st": "saint", "intern": "international", "intern l": "international",
}  # fmt: skip
# A name that holds one of these is about the record, not the company; what stands from there on is dropped.
NOTES = (
    r"do not use|don'?t use|duplicate|\bdup\b|\bdupe\b|inactive|\bclosed\b|\bdefunct\b|out of business|\bobsolete\b|"
    r"\bold\b *$|\bdelete\b|\bdeleted\b|to be deleted|\bmerged\b|\bbankrupt\b|insolvent|do not contact|"
    r"see other record|do not (?:call|mail|email|touch|merge)|"
    r"bad data|\bignore\b|\bmigrated\b|\blegacy\b *$|\barchive[d]?\b"
)
# The same in front of a name.
NOTES_FRONT = (
    r"dup(?:licate)?\s*[-:]|\[?dnu\]?\s|zz+[_ ]|\(?(?:inactive|old|closed|duplicate)\)\s|"
    r"do not (?:call|use|contact|mail)\s*[-:]"
)
# Who owns a company, in its name; the owner is the one group.
OWNED = (
    r"(?:(?:now )?(?:a |an )?(?:part|division|subsidiary|member|unit|brand|business) of|acquired by|"
    r"(?:une soci[eé]t[eé]|filiale) (?:du groupe|de)|ein unternehmen der|teil der) (.+?)(?: (?:group|gruppe))?[)\]]*$"
)
OWNED_COMPANY = r",? \(?an? (.+) company[)\]]*$"
# Behind one of these stands a slogan, a place or another name; which of these nobody knows, but after the last ones.
REMARK = r"\s*(?: (?:--?|[–—/•]) | // | -> | c/o |[|•]|: )\s*"
BESIDE = r" (?:/|->|c/o) "
# What a company was or is also called follows one of these.
ALSO = (
    r"\b(?:formerly known as|formerly|former name|f/k/a|fka|f\.k\.a\.|previously|prev\.|now known as|now called|now|"
    r"d/b/a|dba|d\.b\.a\.|doing business as|trading as|t/a|also known as|a/k/a|aka|a\.k\.a\.|"
    r"früher|frueher|vormals|ehemals|ehem\.|anciennement|ex-|ex |voorheen|dawniej|già)\b"
)

# Texts that stand for no name.
JUNK = """
a|aaa|aaaa|abc|abcd|account|accountant|acme test|admin|administrator|anonymous|artist|as above|as name|asd|asdf
asdf asdf|asdfasdf|asdfg|asdfgh|aucun|aucune|author|auto entrepreneur|autonomo|azienda|b|bar|bbb|between jobs|blank
bot|brak|brak danych|business|ceo|cfo|citizen|click here|click here to win|client|co founder|cold lead|company
company name|confidential|consultant|consulting|contact|coo|crawler|cto|customer|default|default company|delete
delete me|demo|demo account|demo company|designer|dev test|developer|director|ditto|doctor|dont know|dummy|empresa
empty|engineer|entreprise|estudiante|etudiant|example|example company|fake|finance|firma|first last
firstname lastname|foo|foo bar|foobar|foobar inc|for personal use|founder|free|free trial|freelance|freelancer
freiberufler|general public|gmail|google|hello|hello world|hi|home|homemaker|hotmail|household|housewife|hr
i dont know|idk|inbound lead|inconnu|independant|independent|independent consultant|individual|intern|internal
internal test|it|job seeker|jubilado|ka|keine|keine angabe|lawyer|lead|libero professionista|looking for work
lorem ipsum|manager|marketing|me|misc|missing|my company|myself|n a|n/a|na|na na|nan|nao disponivel|nao informado|nd
nessuno|new account|new business|new company|new customer|new lead|nezname|nicht angegeben|nicht bekannt|nieznany
nil|ninguna|ninguno|no|no account|no aplica|no comment|no company|no disponible|no idea|no name|no name given
no name provided|nobody|none|none none|noone|not applicable|not available|not disclosed|not employed|not given
not provided|not specified|not sure|not working|null|null null|ok|okand|onbekend|open to work|organisation
organization|osoba prywatna|other|others|outlook|owner|particular|particulares|particulier|partner|pensioner|person
personal|personal use|phd student|placeholder|please delete|president|privat|private|private individual
private person|private use|privatier|privato|privatperson|professor|prospect|public|qa|qa test|qwe|qwerty|qwertz
rentner|retired|retraite|robot|sales|same|same as above|sample|sample company|sandbox|schuler|sconosciuto|see above
see notes|seed account|seeking opportunities|selbstandig|selbststandig|self|self employed|selfemployed|sin empresa
sin especificar|sin nombre|somebody|someone|spam|staging|startup|stealth|stealth startup|student
student at university|studente|students|studierender|tba|tbc|tbd|teacher|template|test|test 123|test account
test company|test record|test test|test123|tester|testfirma|testing|tesuto|the company|todo|trial|trial account
unbekannt|undefined|unemployed|unk|unknown|unknown company|unternehmen|user|username|various|web form|web lead
web visitor|webform|website lead|website visitor|wlasna dzialalnosc|writer|x|xx|xxx|xxxx|xyz|yahoo|yes|your company
zelfstandige|zzz
"""


def words(text: str) -> list[str]:
    """The entries of one of the lists above, which are parted by bars and line ends."""
    return sorted({entry.strip() for line in text.splitlines() for entry in line.split("|") if entry.strip()})


@cache
def legal_end() -> str:
    """Regular expression for legal forms at the end of a plain name."""
    return _at_end(words(LEGAL_FORMS))


@cache
def soft_end() -> str:
    """Regular expression for places, groups and branches at the end of a plain name."""
    return _at_end([*words(SOFT), *words(NATIVE_PLACES)])


def _at_end(entries: list[str]) -> str:
    longest_first = sorted(entries, key=lambda entry: (-len(entry), entry))
    return f"(?: (?:{'|'.join(longest_first)}))+$"
