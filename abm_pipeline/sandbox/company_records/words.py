# ruff: noqa: E501, SIM905
# fmt: off
"""Words of company names in thirteen languages: trades, surnames, syllables, abbreviations, junk. Data only.

A trade has one word per language, native script with its romanisation as `電機/Denki`; the English word comes first, so
each trade also says how a foreign name is put in English.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "nl", "sv", "pt", "tr", "ja", "zh", "ko", "ru", "el", "in")
# industry: English|de|fr|es|it|pl|nl|sv|pt|tr|ja|zh|ko|ru|el
TRADES = (
    ("Manufacturing", "Engineering|Maschinenbau|Ingénierie|Ingeniería|Ingegneria|Inżynieria|Machinebouw|Teknik|Engenharia|Mühendislik|製作所/Seisakusho|机械/Jixie|엔지니어링/Engineering|Маш/Mash|Μηχανική/Michaniki"),
    ("Transportation", "Logistics|Logistik|Transports|Transportes|Trasporti|Spedycja|Logistiek|Logistik|Transportes|Lojistik|運輸/Unyu|物流/Wuliu|물류/Mullyu|Транс/Trans|Μεταφορές/Metafores"),
    ("Food & Beverage", "Foods|Lebensmittel|Alimentation|Alimentos|Alimentari|Spożywcze|Voeding|Livsmedel|Alimentos|Gıda|食品/Shokuhin|食品/Shipin|식품/Sikpum|Продукт/Produkt|Τρόφιμα/Trofima"),
    ("Technology", "Software|Softwarehaus|Logiciels|Sistemas|Informatica|Oprogramowanie|Automatisering|Programvara|Sistemas|Yazılım|システムズ/Systems|软件/Ruanjian|소프트/Soft|Софт/Soft|Λογισμικό/Logismiko"),
    ("Technology", "Technologies|Technik|Technologies|Tecnologías|Tecnologie|Technologie|Technologie|Teknologi|Tecnologia|Teknoloji|テクノ/Techno|科技/Keji|기술/Gisul|Тех/Tekh|Τεχνολογία/Technologia"),
    ("Energy", "Energy|Energie|Énergie|Energía|Energia|Energetyka|Energie|Energi|Energia|Enerji|電力/Denryoku|能源/Nengyuan|에너지/Energy|Энерго/Energo|Ενέργεια/Energeia"),
    ("Construction", "Construction|Bau|Constructions|Construcciones|Costruzioni|Budownictwo|Bouw|Bygg|Construções|İnşaat|建設/Kensetsu|建设/Jianshe|건설/Geonseol|Строй/Stroy|Κατασκευές/Kataskeves"),
    ("Chemicals", "Chemicals|Chemie|Chimie|Química|Chimica|Chemia|Chemie|Kemi|Química|Kimya|化学/Kagaku|化工/Huagong|화학/Hwahak|Хим/Khim|Χημικά/Chimika"),
    ("Financial Services", "Insurance|Versicherungen|Assurances|Seguros|Assicurazioni|Ubezpieczenia|Verzekeringen|Försäkring|Seguros|Sigorta|保険/Hoken|保险/Baoxian|보험/Boheom|Страхование/Strakhovanie|Ασφαλιστική/Asfalistiki"),
    ("Healthcare", "Medical|Medizintechnik|Médical|Médica|Medicale|Medyczne|Medisch|Medicin|Médica|Medikal|医療/Iryo|医疗/Yiliao|의료/Uiryo|Мед/Med|Ιατρική/Iatriki"),
    ("Metals", "Steel|Stahl|Aciers|Aceros|Acciai|Stal|Staal|Stål|Aços|Çelik|鋼業/Kogyo|钢铁/Gangtie|철강/Cheolgang|Сталь/Stal|Χάλυβας/Chalyvas"),
    ("Wholesale", "Trading|Handel|Négoce|Comercial|Commerciale|Handel|Handel|Handel|Comércio|Ticaret|商事/Shoji|贸易/Maoyi|무역/Muyeok|Торг/Torg|Εμπορική/Emporiki"),
    ("Professional Services", "Consulting|Beratung|Conseil|Consultores|Consulenza|Doradztwo|Advies|Konsult|Consultoria|Danışmanlık|コンサルティング/Consulting|咨询/Zixun|컨설팅/Consulting|Консалтинг/Konsalting|Σύμβουλοι/Symvouloi"),
    ("Manufacturing", "Electric|Elektrotechnik|Électricité|Eléctrica|Elettrica|Elektryka|Elektro|Elektriska|Elétrica|Elektrik|電機/Denki|电气/Dianqi|전기/Jeongi|Электро/Elektro|Ηλεκτρική/Ilektriki"),
    ("Manufacturing", "Packaging|Verpackungen|Emballages|Envases|Imballaggi|Opakowania|Verpakkingen|Förpackning|Embalagens|Ambalaj|包装/Hoso|包装/Baozhuang|포장/Pojang|Пак/Pak|Συσκευασία/Syskevasia"),
    ("Media", "Media|Medien|Médias|Medios|Media|Wydawnictwo|Media|Media|Mídia|Medya|メディア/Media|传媒/Chuanmei|미디어/Media|Медиа/Media|Εκδόσεις/Ekdoseis"),
    ("Real Estate", "Properties|Immobilien|Immobilier|Inmobiliaria|Immobiliare|Nieruchomości|Vastgoed|Fastigheter|Imobiliária|Gayrimenkul|不動産/Fudosan|地产/Dichan|부동산/Budongsan|Недвижимость/Nedvizhimost|Ακίνητα/Akinita"),
    ("Automotive", "Motors|Autohaus|Automobiles|Automóviles|Autoveicoli|Motoryzacja|Autobedrijf|Bil|Automóveis|Otomotiv|自動車/Jidosha|汽车/Qiche|자동차/Jadongcha|Авто/Avto|Αυτοκίνητα/Aftokinita"),
)
ENGLISH_TRADES = {
    "Technology": "Analytics Cloud Data Interactive Networks Systems Security Telecom Solutions Digital Robotics Labs Semiconductor Computing".split(),
    "Financial Services": "Bank Capital Finance Payments Partners Ventures Wealth Credit Advisors".split(),
    "Healthcare": "Biotech Care Health Pharma Therapeutics Diagnostics Dental Clinics".split(),
    "Manufacturing": "Components Devices Dynamics Industries Machines Materials Optics Plastics Textiles Tools Works Manufacturing Controls Instruments".split(),
    "Energy": "Power Water Renewables Solar Gas Utilities".split(),
    "Food & Beverage": "Brewing Farms Bakery Provisions".split(),
    "Wholesale": "Supply Distribution Imports Stores Retail Brands".split(),
    "Transportation": "Cargo Freight Mobility Transport Shipping Couriers Airlines".split(),
    "Professional Services": "Associates Group Services Staffing Legal Research Management".split(),
    "Media": "Publishing Studios Pictures Creative Press Marketing".split(),
    "Construction": "Builders Contracting Interiors Architects Roofing".split(),
    "Real Estate": "Realty Estates Homes Land".split(),
}
# industry: the words of the CRM, of the marketing hub, of the social network, of the credit bureau
INDUSTRY_WORDS = {
    "Manufacturing": ("Manufacturing", "MECHANICAL_OR_INDUSTRIAL_ENGINEERING", "Industrial Machinery Manufacturing", "3599 Industrial Machinery NEC"),
    "Transportation": ("Transportation", "LOGISTICS_AND_SUPPLY_CHAIN", "Transportation, Logistics, Supply Chain and Storage", "4213 Trucking"),
    "Food & Beverage": ("Food & Beverage", "FOOD_PRODUCTION", "Food and Beverage Manufacturing", "2099 Food Preparations"),
    "Technology": ("Technology", "COMPUTER_SOFTWARE", "Software Development", "7372 Prepackaged Software"),
    "Energy": ("Energy", "OIL_ENERGY", "Utilities", "4911 Electric Services"),
    "Construction": ("Construction", "CONSTRUCTION", "Construction", "1542 Nonresidential Construction"),
    "Chemicals": ("Chemicals", "CHEMICALS", "Chemical Manufacturing", "2899 Chemical Preparations"),
    "Financial Services": ("Finance", "FINANCIAL_SERVICES", "Financial Services", "6411 Insurance Agents"),
    "Healthcare": ("Healthcare", "HOSPITAL_HEALTH_CARE", "Hospitals and Health Care", "8099 Health Services"),
    "Metals": ("Manufacturing", "MINING_METALS", "Primary Metal Manufacturing", "3312 Steel Works"),
    "Wholesale": ("Retail", "WHOLESALE", "Wholesale", "5099 Durable Goods"),
    "Professional Services": ("Consulting", "MANAGEMENT_CONSULTING", "Business Consulting and Services", "8742 Management Consulting"),
    "Media": ("Media", "MEDIA_PRODUCTION", "Media Production", "2741 Publishing"),
    "Real Estate": ("Other", "REAL_ESTATE", "Real Estate", "6531 Real Estate Agents"),
    "Automotive": ("Automotive", "AUTOMOTIVE", "Motor Vehicle Manufacturing", "5511 Motor Vehicle Dealers"),
}
INDUSTRIES = tuple(INDUSTRY_WORDS)
SURNAMES = {
    "en": "Adams Barker Bennett Brooks Callahan Carter Chapman Clarke Coleman Cooper Crawford Davies Dawson Doyle Ellis Fletcher Foster Gallagher Gibson Graham Griffiths Hartley Hawkins Hayes Henderson Holloway Hughes Hunter Johnson Kennedy Lawson MacDonald Marshall Mason McCarthy Mitchell Morrison Murphy Newman O'Connor O'Neill Palmer Parker Pearson Pritchard Reynolds Richards Sanderson Shaw Simmons Sinclair Smith Stewart Sullivan Thornton Turner Wallace Watson Webster Whitfield Williams".split(),
    "de": "Albrecht Arnold Bachmann Bäcker Baumann Becker Bergmann Böhm Brandt Braun Dietrich Eberhardt Engelhardt Fischer Förster Frank Friedrich Gärtner Gerlach Graf Groß Günther Haas Hartmann Heinrich Hofmann Huber Jäger Kaiser Keller Köhler König Kraus Krüger Kühn Lehmann Lindner Löffler Ludwig Maier Meyer Möller Müller Neumann Pfeiffer Richter Roth Sauer Schäfer Schmidt Schneider Schröder Schulze Schütz Seidel Steiner Strauß Vogt Wagner Weber Weiß Winkler Wolff Zimmermann".split(),
    "fr": "Aubert Bélanger Bernard Besson Blanc Bonnet Boucher Bourgeois Chevalier Clément Delacroix Deschamps Dubois Dufour Dupont Durand Fournier François Garnier Gérard Girard Hébert Lacroix Lambert Laurent Leclerc Lefèvre Legrand Léger Marchand Mercier Meunier Moreau Noël Perrin Renard Renaud Rousseau Roux Thévenet Vasseur Vidal".split(),
    "es": "Aguilar Álvarez Castillo Delgado Díaz Domínguez Fernández García Gómez González Gutiérrez Hernández Ibáñez Jiménez López Márquez Martínez Méndez Muñoz Núñez Ortega Pérez Ramírez Rodríguez Romero Ruiz Sánchez Suárez Vázquez Velázquez".split(),
    "it": "Barbieri Bellini Bianchi Bruno Caruso Colombo Conti Costa D'Angelo De Luca Esposito Ferrari Fontana Galli Gallo Giordano Greco Leone Lombardi Longo Mancini Marchetti Marini Moretti Ricci Rinaldi Romano Rossi Russo Santoro Serra Villa".replace("De Luca", "DeLuca").split(),
    "pl": "Adamczyk Bąk Dąbrowski Duda Głowacki Grabowski Jabłoński Jankowski Kamiński Kowalczyk Kowalski Kozłowski Król Krawczyk Lewandowski Majewski Nowak Nowakowski Pawłowski Piątek Szymański Walczak Wiśniewski Wójcik Woźniak Wróbel Zając Zieliński Novák Dvořák Procházka Černý Kovács Szabó Tóth Nagy".split(),
    "nl": "Bakker Bos Brouwer deBoer deGroot deJong deVries Dekker Dijkstra Hendriks Hoekstra Jacobs Janssen Kok Kuipers Maas Meijer Mulder Peeters Peters Postma Prins Smit Timmermans vanDam vandenBerg vanDijk vanLeeuwen Vermeulen Visser Vos Willems".replace("vanden", "van den ").split(),
    "sv": "Andersson Bergström Björklund Dahlström Ekström Eriksson Forsberg Gustafsson Hägglund Håkansson Holmgren Jørgensen Karlsson Korhonen Kristensen Larsen Lindström Lundqvist Mäkelä Nielsen Nilsson Nygård Nyström Olsen Pettersson Rasmussen Sandberg Sjöberg Söderberg Sørensen Strömberg Virtanen Åberg Öberg Østergaard".split(),
    "pt": "Almeida Araújo Barbosa Cardoso Carvalho Conceição Correia Fonseca Gonçalves Guimarães Magalhães Marques Mendonça Moura Oliveira Pereira Pinheiro Ribeiro Rocha Simões Teixeira Vasconcelos".split(),
    "tr": "Akın Arslan Aydın Çelik Çetin Demir Doğan Erdoğan Güneş Kaya Kılıç Koç Öztürk Özdemir Şahin Şimşek Yıldırım Yıldız Yılmaz".split(),
    "ja": "山田/Yamada 田中/Tanaka 鈴木/Suzuki 高橋/Takahashi 渡辺/Watanabe 伊藤/Ito 中村/Nakamura 小林/Kobayashi 加藤/Kato 吉田/Yoshida 佐々木/Sasaki 松本/Matsumoto 井上/Inoue 木村/Kimura 清水/Shimizu 森/Mori 池田/Ikeda 橋本/Hashimoto 石川/Ishikawa 前田/Maeda 藤田/Fujita 岡田/Okada 村上/Murakami 東洋/Toyo 日新/Nisshin 大和/Yamato 三光/Sanko 富士/Fuji 朝日/Asahi 旭/Asahi 共栄/Kyoei 昭和/Showa 丸善/Maruzen 三協/Sankyo 新光/Shinko 太陽/Taiyo 北海/Hokkai 日東/Nitto".split(),
    "zh": "华/Hua 中/Zhong 瑞/Rui 恒/Heng 金/Jin 海/Hai 天/Tian 新/Xin 东/Dong 宏/Hong 安/An 明/Ming 永/Yong 泰/Tai 龙/Long 远/Yuan 盛/Sheng 信/Xin 德/De 达/Da 科/Ke 润/Run 联/Lian 京/Jing 创/Chuang 博/Bo 凯/Kai 航/Hang 光/Guang 美/Mei 伟/Wei 富/Fu 康/Kang 力/Li 源/Yuan 星/Xing".split(),
    "ko": "대/Dae 한/Han 성/Seong 진/Jin 동/Dong 신/Shin 태/Tae 영/Young 우/Woo 원/Won 광/Kwang 삼/Sam 세/Se 현/Hyun 경/Kyung 미/Mi 남/Nam 유/Yu 창/Chang 일/Il".split(),
    "ru": "Север/Sever Волга/Volga Урал/Ural Балт/Balt Рос/Ros Альфа/Alfa Вектор/Vektor Гранит/Granit Сибир/Sibir Нева/Neva Орион/Orion Прогресс/Progress Заря/Zarya Союз/Soyuz Восток/Vostok Юг/Yug Мост/Most Днепр/Dnepr Каскад/Kaskad Маяк/Mayak Лидер/Lider Кристалл/Kristall Магистраль/Magistral Родник/Rodnik Титан/Titan Феникс/Feniks Эталон/Etalon Русь/Rus Запад/Zapad Центр/Tsentr".split(),
    "el": "Παπαδόπουλος/Papadopoulos Γεωργίου/Georgiou Δημητρίου/Dimitriou Νικολάου/Nikolaou Οικονόμου/Oikonomou Βασιλείου/Vasileiou Ιωάννου/Ioannou Αλεξίου/Alexiou Καραγιάννης/Karagiannis Μακρής/Makris Άλφα/Alfa Όλυμπος/Olympos Αιγαίο/Aigaio Ήλιος/Ilios Πήγασος/Pigasos Ερμής/Ermis Απόλλων/Apollon Θησέας/Thiseas".split(),
    "in": "Agarwal Bajaj Bhatia Chopra Desai Deshmukh Gupta Iyer Jain Kapoor Khanna Krishna Kumar Lakshmi Mahindra Malhotra Mehta Mittal Nair Patel Rajput Rao Reddy Shah Sharma Singhania Shree Sri Tata Vijay".split(),
}
ONSETS = "A Ac Al Am An Ar As Av Bel Bi Bo Bri Ca Ce Cla Co Cor Cy De Di Do Dy E El En Ex Fi Flo Fo Ga Ge Gly He Hy I In Ka Ki La Le Li Lo Lu Ma Me Mi Mo Na Ne No Nu O Om Op Or Pa Pe Pi Pro Qua Ra Re Ri Ro Sa Se Si Sky So Sta Su Sy Ta Te Ti To Tri U Va Ve Vi Vo Xe Ya Za Ze Zi Zo".split()
MIDDLES = "ba bri ca ce da de di do fi ga go ka la le li lo lu ma me mi mo na ne ni no pa pe ra re ri ro sa se si ta te ti to tra va ve vi vo xa".split()
ENDINGS = "bit co cor cus dex dia don dyne fy gen gis go gon ia ic ify io is ium ix lab lane lex lia lio lo ly lytics mar max med mex mo na nex nia nis nix no nova nox on ora os ous plex ra ria rion ris ro sense sis soft son sta stra sys ta tec tek tera tex tia tis tix to tra trex tris tron ture us va vance via vo wave x xis xo ya zen zo zon".split()
ADJECTIVES = "International United General National American Advanced Applied Global Continental Consolidated Pacific Atlantic Precision Universal Federal Central European Integrated Allied Standard Modern First Premier Strategic Professional".split()
NOUNS = "Business Machine Tool Bearing Data Electric Motor Chemical Paper Glass Steel Power Energy Water Health Care Food Marine Aviation Freight Rail Trust Credit Design Systems Process Control Network Information Technology Security".split()
TAILS = "Company Corporation Group Services Systems Products Industries Associates Solutions Technologies Laboratories Enterprises Agency Institute".split()
PUBLIC = ("University of %", "City of %", "% University", "% County School District", "% Regional Hospital", "St. Mary's Hospital %", "% Chamber of Commerce", "% Public Library", "Port of %", "% Transit Authority", "Universität %", "Stadtwerke %", "Klinikum %", "Sparkasse %", "Volksbank %", "Mairie de %", "CHU %", "Université de %", "Universidad de %", "Ayuntamiento de %", "Comune di %", "Università di %", "Gemeente %", "Universiteit %", "% kommun", "Uniwersytet %", "Urząd Miasta %")
DIVISION_WORDS = "Digital Services Healthcare Cloud Capital Aerospace Consumer Industrial Security Financial Mobility Energy Ventures Research Education Automation Lighting Chemicals Rail Packaging Devices Diagnostics Retail Marine".split()
COMMON_FIRST = "Apex Summit Pinnacle Delta Alpha Omega Premier Elite Phoenix Atlas Global Vertex Horizon Pioneer Liberty Heritage Quantum Nova Titan Vision Evergreen Cornerstone Keystone Allied Prime Unity Frontier Legacy Catalyst Synergy Impact Compass Momentum Advantage Paragon Crown Eagle Falcon Beacon Bridge Sterling Trinity Zenith Element Fusion Matrix Nexus Orion Optimum Strategic".split()
COMMON_LAST = "Solutions Partners Group Consulting Systems Services Technologies Capital Logistics Construction Engineering Marketing Associates Media Insurance Design Properties Financial Staffing Industries".split()
ABBREVIATIONS = (("International", "Intl"), ("Manufacturing", "Mfg"), ("Services", "Svcs"), ("Group", "Grp"), ("Technologies", "Tech"), ("Technology", "Tech"), ("Engineering", "Engr"), ("Associates", "Assoc."), ("Management", "Mgmt"), ("Systems", "Sys"), ("Solutions", "Soln"), ("Company", "Co"), ("Corporation", "Corp"), ("Industries", "Ind."), ("National", "Natl"), ("American", "Amer"), ("University", "Univ"), ("Hospital", "Hosp"), ("Construction", "Constr"), ("Distribution", "Dist"), ("Transport", "Trans"), ("Laboratories", "Labs"), ("Financial", "Fin'l"), ("Insurance", "Ins"), ("Department", "Dept"), ("Holdings", "Hldgs"), ("Products", "Prod"), ("Partners", "Ptnrs"), ("Limited", "Ltd"), ("Gesellschaft", "Ges."), ("Brothers", "Bros"), ("Saint", "St"), ("Center", "Ctr"), ("Logistics", "Log"), ("Consulting", "Cons"), ("Marketing", "Mktg"), ("Software", "SW"), ("Energy", "Enrgy"), ("Medical", "Med"), ("Deutschland", "D"), ("und", "u."), ("Gebrüder", "Gebr."), ("Versicherungen", "Vers."))
NOTES = (" (DUPLICATE)", " - DUPLICATE", " DO NOT USE", " - do not use", " *** inactive", " (inactive)", "***", " [OLD]", " (old)", " - DNC", " (merged)", " - TO DELETE", " (Prospect)", " (Partner)", " - NEW", " (out of business?)", " - see parent", " // dup", " (wrong owner)", " - Q3 target", " - KEY ACCOUNT", " (test)", " xx", " -- use other record")
LEADING_NOTES = ("*", "ZZZ ", "zz_", "DUP - ", "[DNU] ", "OLD ", "x ", "** ", "(inactive) ", "DO NOT CALL - ")
JUNK_NAMES = ("test", "Test", "TEST", "test test", "Test Account", "Test Company", "testing", "asdf", "asdfasdf", "qwerty", "n/a", "N/A", "NA", "na", "none", "None", "NONE", "Unknown", "unknown", "[not provided]", "[[Unknown]]", "not provided", "Self", "self", "Self employed", "Self-Employed", "selfemployed", "Freelance", "Freelancer", "Company", "company", "My Company", "Your Company", "Acme", "ABC", "abc company", "XYZ", "xxx", "x", "X", "-", "--", ".", "..", "?", "0", "1", "123", "Student", "student", "Estudiante", "Etudiant", "Schüler", "University", "Home", "home", "Personal", "private", "Privat", "Privatperson", "privé", "Particulier", "Individual", "Retired", "Rentner", "Unemployed", "job seeker", "Between jobs", "Consultant", "independent consultant", "Owner", "CEO", "Sales", "IT", "Marketing", "no company", "No Account", "Dummy", "DUMMY ACCOUNT", "Household", "Anonymous", "Confidential", "TBD", "tbc", "null", "NULL", "undefined", "#N/A", "#REF!", "N.A.", "keine", "keine Angabe", "k.A.", "aucun", "ninguna", "nessuna", "brak", "нет", "テスト", "个人", "無", "Web Visitor", "Website Lead", "Trade show lead", "SEO expert", "Buy followers cheap", "CLICK HERE to win", "casino online bonus", "best crypto invest", "Robot", "aaa", "aaaaaa", "hjkl", "fdsa", "blah", "foo", "foo bar", "hello", "hi")
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "gmx.de", "web.de", "icloud.com", "qq.com", "163.com", "126.com", "live.com", "aol.com", "mail.ru", "yandex.ru", "googlemail.com", "yahoo.co.uk", "hotmail.co.uk", "hotmail.fr", "wp.pl", "onet.pl", "libero.it", "proton.me", "naver.com", "rediffmail.com", "yahoo.co.jp", "seznam.cz", "uol.com.br", "me.com", "mac.com", "msn.com")
ISP_MAIL = ("t-online.de", "orange.fr", "wanadoo.fr", "free.fr", "btinternet.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "cox.net", "bigpond.com", "telia.com", "bluewin.ch", "virgilio.it", "telefonica.net", "ziggo.nl", "skynet.be", "arcor.de", "nifty.com", "ocn.ne.jp", "sky.com", "shaw.ca", "rogers.com", "earthlink.net")
BUILDERS = ("{}.wixsite.com", "{}.wixsite.com/home", "{}.github.io", "{}.business.site", "facebook.com/{}", "https://www.facebook.com/{}/", "linktr.ee/{}", "https://www.linkedin.com/company/{}", "{}.wordpress.com", "{}.blogspot.com", "{}.weebly.com", "sites.google.com/view/{}", "{}.myshopify.com", "{}.squarespace.com", "www.instagram.com/{}", "{}.jimdosite.com", "{}.godaddysites.com", "{}.notion.site", "{}.webnode.com", "yelp.com/biz/{}", "{}.herokuapp.com", "{}.web.app", "twitter.com/{}", "youtube.com/@{}", "{}.carrd.co", "t.me/{}", "vk.com/{}", "{}.tripod.com", "{}.etsy.com", "crunchbase.com/organization/{}")
PARKED = ("sedoparking.com", "hugedomains.com", "godaddy.com", "dan.com", "afternic.com", "parkingcrew.net", "bodis.com", "domain.com")
COMPETITORS = ("google.com", "salesforce.com", "microsoft.com", "amazon.com", "sap.com", "oracle.com", "apple.com", "linkedin.com", "facebook.com", "hubspot.com", "example.com", "test.com", "company.com", "domain.com", "website.com", "none.com", "na.com", "noemail.com", "unknown.com", "abc.com", "xyz.com")
UNIVERSITIES = ("mit.edu", "stanford.edu", "berkeley.edu", "tum.de", "rwth-aachen.de", "ethz.ch", "ox.ac.uk", "cam.ac.uk", "u-tokyo.ac.jp", "tudelft.nl", "kth.se", "tsinghua.edu.cn", "polimi.it", "uw.edu.pl", "student.tudelft.nl", "alumni.harvard.edu")
PLACEHOLDERS = ("n/a", "N/A", "-", "--", "none", "unknown", "Unknown", "null", ".", "TBD", "[not provided]")
PHONE_PLACEHOLDERS = ("000-0000", "0000000000", "123456789", "1234567890", "555-555-5555", "(555) 555-5555", "n/a", "999-999-9999", "+10000000000", "0", "111-111-1111", "+1 000 000 0000", "call mobile", "---", "x")
DUNS_PLACEHOLDERS = ("999999999", "000000000", "123456789", "111111111", "987654321", "N/A", "0", "unknown", "100000000")
TAGLINES = (" | Cloud for everyone", " - We are hiring!", " 🚀", " (YC S21)", " – Part of something bigger", " | The future of work", ": Engineering trust", " ✅", " - Official", " | B Corp", " • Since 1952", " - Leading provider of solutions")
HOSTS = ("shop", "mail", "careers", "www2", "portal", "info", "store", "support", "blog", "app", "go", "email", "de", "en", "m", "jobs", "partner", "extranet")
LEGAL_OWNERS = ("{} Holding", "{} Beteiligungen", "{} Verwaltung", "{} Enterprises", "{} Ventures", "{} Investments", "{} Trading", "{} Participations", "{} Inversiones", "{} Operating Company", "{} Brands", "Newco {}")
BRANCH = (" - {} office", " ({})", " {}", ", {}", " – {}", " {} Branch", " - {}", " Niederlassung {}", " {} HQ", " @ {}", " Werk {}", " (Site: {})", " / {}")
FORMER = ("{new} (formerly {old})", "{new} (fka {old})", "{new} f/k/a {old}", "{old} (now {new})", "{new} - ex {old}", "{new}, formerly known as {old}", "{new} (ehemals {old})", "{new} (anciennement {old})", "{old} / {new}", "{old} -> {new}", "{new} vormals {old}")
ACQUIRED = ("{old} (acquired by {new})", "{old}, a {new} company", "{old} - part of {new}", "{old} by {new}", "{old} | {new}", "{old} (a division of {new})", "{old}, member of {new} Group", "{new} - {old}", "{old} (now {new})", "{new} (formerly {old})")
