# ruff: noqa: E501
# fmt: off
"""Countries as company records know them: names in many languages, cities, legal forms, dialling codes. Data only.

A legal form is a template in which % stands for the name. `weight` is the country's share of head offices.
"""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """One country; `names` starts with the English one; a city is `English/local@region/region code`."""

    code: str
    names: tuple[str, ...]
    tld: str
    dial: str
    language: str
    weight: float
    forms: tuple[str, ...]
    native_forms: tuple[str, ...]
    cities: tuple[str, ...]


def _country(code: str, names: str, tld: str, dial: str, language: str, weight: float, forms: str, cities: str, native: str = "") -> Country:
    return Country(code, tuple(names.split("|")), tld, dial, language, weight, tuple(forms.split("|")), tuple(native.split("|")) if native else (), tuple(cities.split("|")))


COUNTRIES = (
    _country("US", "United States|USA|U.S.A.|United States of America|U.S.|Vereinigte Staaten|États-Unis|Estados Unidos|アメリカ", "com", "1", "en", 30, "% Inc.|% Inc|%, Inc.|% LLC|%, LLC|% Corporation|% Corp.|% Co.|% L.P.|% Holdings Inc|% Incorporated|%, L.L.C.",
             "New York/NYC@New York/NY|Chicago@Illinois/IL|Austin@Texas/TX|Houston@Texas/TX|Dallas@Texas/TX|Boston@Massachusetts/MA|Denver@Colorado/CO|Seattle@Washington/WA|Atlanta@Georgia/GA|Phoenix@Arizona/AZ|San Francisco/SF@California/CA|Los Angeles/LA@California/CA|San Diego@California/CA|Portland@Oregon/OR|Miami@Florida/FL|Tampa@Florida/FL|Charlotte@North Carolina/NC|Columbus@Ohio/OH|Cleveland@Ohio/OH|Minneapolis@Minnesota/MN|St. Louis/Saint Louis@Missouri/MO|Nashville@Tennessee/TN|Detroit@Michigan/MI|Philadelphia@Pennsylvania/PA|Salt Lake City@Utah/UT|Omaha@Nebraska/NE"),
    _country("GB", "United Kingdom|UK|Great Britain|England|GBR|U.K.|Großbritannien|Royaume-Uni|Reino Unido|Wielka Brytania", "co.uk", "44", "en", 11, "% Ltd|% Limited|% plc|% PLC|% Ltd.|% LLP|% (UK) Ltd|% Holdings Ltd",
             "London@Greater London/LND|Manchester@Greater Manchester/MAN|Leeds@West Yorkshire/WYK|Bristol@Bristol/BST|Birmingham@West Midlands/WMD|Glasgow@Scotland/SCT|Edinburgh@Scotland/SCT|Cardiff@Wales/WLS|Newcastle upon Tyne/Newcastle@Tyne and Wear/TWR|Reading@Berkshire/BRK|Cambridge@Cambridgeshire/CAM|Belfast@Northern Ireland/NIR"),
    _country("DE", "Germany|Deutschland|DEU|Allemagne|Alemania|Niemcy|Federal Republic of Germany|ドイツ|德国|Германия", "de", "49", "de", 12, "% GmbH|% AG|% GmbH & Co. KG|% KG|% SE|% e.K.|% UG (haftungsbeschränkt)|% OHG|% KGaA|% gGmbH|% Gesellschaft mit beschränkter Haftung",
             "Berlin@Berlin/BE|Munich/München@Bavaria/BY|Hamburg@Hamburg/HH|Cologne/Köln@North Rhine-Westphalia/NW|Düsseldorf/Duesseldorf@North Rhine-Westphalia/NW|Frankfurt/Frankfurt am Main@Hesse/HE|Stuttgart@Baden-Württemberg/BW|Nuremberg/Nürnberg@Bavaria/BY|Leipzig@Saxony/SN|Dresden@Saxony/SN|Hanover/Hannover@Lower Saxony/NI|Bielefeld@North Rhine-Westphalia/NW|Rostock@Mecklenburg-Vorpommern/MV|Gütersloh@North Rhine-Westphalia/NW|Heilbronn@Baden-Württemberg/BW"),
    _country("FR", "France|FRA|Frankreich|Francia|Francja|フランス|法国|Франция", "fr", "33", "fr", 7, "% SAS|% SA|% SARL|% SASU|% S.A.S.|% S.A.|Société %|% EURL|% SNC|Groupe %",
             "Paris@Île-de-France/IDF|Lyon@Auvergne-Rhône-Alpes/ARA|Marseille@Provence-Alpes-Côte d'Azur/PAC|Toulouse@Occitanie/OCC|Lille@Hauts-de-France/HDF|Nantes@Pays de la Loire/PDL|Strasbourg@Grand Est/GES|Bordeaux@Nouvelle-Aquitaine/NAQ|Saint-Étienne/St Etienne@Auvergne-Rhône-Alpes/ARA|La Défense@Île-de-France/IDF"),
    _country("NL", "Netherlands|The Netherlands|Nederland|NLD|Holland|Niederlande|Pays-Bas", "nl", "31", "nl", 4, "% B.V.|% BV|% N.V.|% NV|% VOF|Koninklijke % N.V.", "Amsterdam@North Holland/NH|Utrecht@Utrecht/UT|Rotterdam@South Holland/ZH|Eindhoven@North Brabant/NB|The Hague/Den Haag@South Holland/ZH|Groningen@Groningen/GR"),
    _country("ES", "Spain|España|ESP|Spanien|Espagne|Hiszpania", "es", "34", "es", 3, "% S.L.|% SL|% S.A.|% S.L.U.|% S.A.U.|% Sociedad Limitada", "Madrid@Madrid/MD|Barcelona@Catalonia/CT|Valencia@Valencia/VC|Seville/Sevilla@Andalusia/AN|Zaragoza/Saragossa@Aragon/AR|Bilbao@Basque Country/PV"),
    _country("IT", "Italy|Italia|ITA|Italien|Italie|Włochy", "it", "39", "it", 4, "% S.r.l.|% Srl|% S.p.A.|% SpA|% S.a.s.|% S.n.c.", "Milan/Milano@Lombardy/LOM|Rome/Roma@Lazio/LAZ|Turin/Torino@Piedmont/PIE|Bologna@Emilia-Romagna/EMR|Florence/Firenze@Tuscany/TOS|Padua/Padova@Veneto/VEN"),
    _country("PL", "Poland|Polska|POL|Polen|Pologne|Польша", "pl", "48", "pl", 3, "% Sp. z o.o.|% sp. z o.o.|% S.A.|% Spółka z ograniczoną odpowiedzialnością|% Sp. k.|P.P.H.U. %|% Sp. J.", "Warsaw/Warszawa@Masovia/MZ|Kraków/Cracow@Lesser Poland/MA|Wrocław/Breslau@Lower Silesia/DS|Poznań@Greater Poland/WP|Gdańsk/Danzig@Pomerania/PM|Łódź/Lodz@Łódź/LD"),
    _country("SE", "Sweden|Sverige|SWE|Schweden|Suède", "se", "46", "sv", 2.5, "% AB|% Aktiebolag|AB %|% AB (publ)|% HB", "Stockholm@Stockholm/AB|Malmö/Malmo@Skåne/M|Gothenburg/Göteborg@Västra Götaland/O|Uppsala@Uppsala/C|Västerås@Västmanland/U"),
    _country("DK", "Denmark|Danmark|DNK|Dänemark", "dk", "45", "sv", 1.2, "% A/S|% ApS|% I/S|% P/S", "Copenhagen/København@Capital Region/84|Aarhus/Århus@Central Jutland/82|Odense@Southern Denmark/83"),
    _country("NO", "Norway|Norge|NOR|Norwegen", "no", "47", "sv", 1.2, "% AS|% ASA|% ANS", "Oslo@Oslo/03|Bergen@Vestland/46|Trondheim@Trøndelag/50|Stavanger@Rogaland/11"),
    _country("FI", "Finland|Suomi|FIN|Finnland", "fi", "358", "sv", 1.2, "% Oy|% Oyj|% Oy Ab|% Ky|Oy % Ab", "Helsinki/Helsingfors@Uusimaa/18|Tampere@Pirkanmaa/11|Turku/Åbo@Southwest Finland/19"),
    _country("CH", "Switzerland|Schweiz|Suisse|Svizzera|CHE|Swiss", "ch", "41", "de", 2.2, "% AG|% SA|% GmbH|% Sàrl|% Holding AG", "Zurich/Zürich@Zurich/ZH|Geneva/Genève@Geneva/GE|Basel/Bâle@Basel-Stadt/BS|Bern@Bern/BE|Lausanne@Vaud/VD|Zug@Zug/ZG"),
    _country("AT", "Austria|Österreich|AUT|Oesterreich", "at", "43", "de", 1.8, "% GmbH|% GesmbH|% Ges.m.b.H.|% AG|% KG|% e.U.", "Vienna/Wien@Vienna/W|Graz@Styria/ST|Linz@Upper Austria/OÖ|Salzburg@Salzburg/S"),
    _country("BE", "Belgium|België|Belgique|Belgien|BEL", "be", "32", "nl", 1.8, "% NV|% BV|% BVBA|% SPRL|% SA|% SRL", "Brussels/Bruxelles@Brussels/BRU|Antwerp/Antwerpen@Flanders/VLG|Ghent/Gent@Flanders/VLG|Liège/Luik@Wallonia/WAL"),
    _country("IE", "Ireland|Éire|IRL|Republic of Ireland|Irland", "ie", "353", "en", 1.2, "% Limited|% Ltd|% DAC|% Teoranta|% plc", "Dublin@Leinster/L|Cork@Munster/M|Galway@Connacht/C"),
    _country("PT", "Portugal|PRT", "pt", "351", "pt", 1, "% Lda|% Lda.|% S.A.|% Unipessoal Lda", "Lisbon/Lisboa@Lisbon/11|Porto/Oporto@Porto/13|Braga@Braga/03"),
    _country("CZ", "Czech Republic|Czechia|Česko|Česká republika|CZE|Tschechien", "cz", "420", "pl", 1, "% s.r.o.|% a.s.|% spol. s r.o.|% v.o.s.", "Prague/Praha@Prague/10|Brno/Brünn@South Moravia/64|Ostrava@Moravia-Silesia/80"),
    _country("HU", "Hungary|Magyarország|HUN|Ungarn", "hu", "36", "pl", 0.7, "% Kft.|% Zrt.|% Nyrt.|% Bt.|% Kft", "Budapest@Budapest/BU|Debrecen@Hajdú-Bihar/HB|Győr@Győr-Moson-Sopron/GS"),
    _country("TR", "Turkey|Türkiye|TUR|Türkei|Turkiye", "com.tr", "90", "tr", 1.2, "% A.Ş.|% Ltd. Şti.|% San. ve Tic. A.Ş.|% Sanayi ve Ticaret Ltd. Şti.|% AS", "Istanbul/İstanbul@Istanbul/34|Ankara@Ankara/06|Izmir/İzmir@Izmir/35|Bursa@Bursa/16"),
    _country("BR", "Brazil|Brasil|BRA|Brasilien", "com.br", "55", "pt", 2, "% Ltda|% Ltda.|% S.A.|% S/A|% EIRELI|% do Brasil Ltda", "São Paulo/Sao Paulo@São Paulo/SP|Rio de Janeiro/Rio@Rio de Janeiro/RJ|Curitiba@Paraná/PR|Belo Horizonte@Minas Gerais/MG"),
    _country("MX", "Mexico|México|MEX|Mexiko", "com.mx", "52", "es", 1.2, "% S.A. de C.V.|% SA de CV|% S. de R.L. de C.V.|% S.A.P.I. de C.V.", "Mexico City/Ciudad de México@CDMX/CMX|Monterrey@Nuevo León/NLE|Guadalajara@Jalisco/JAL"),
    _country("IN", "India|IND|Bharat|Indien", "in", "91", "in", 3, "% Private Limited|% Pvt. Ltd.|% Pvt Ltd|% Limited|% (India) Pvt Ltd|% LLP|M/s %", "Mumbai/Bombay@Maharashtra/MH|Bengaluru/Bangalore@Karnataka/KA|Delhi/New Delhi@Delhi/DL|Pune@Maharashtra/MH|Chennai/Madras@Tamil Nadu/TN|Hyderabad@Telangana/TG"),
    _country("JP", "Japan|日本|JPN|Nippon|Japon", "co.jp", "81", "ja", 3.2, "% Co., Ltd.|% K.K.|% Corporation|% Inc.|% Co.,Ltd|% Kabushiki Kaisha|% Godo Kaisha", "Tokyo/東京@Tokyo/13|Osaka/大阪@Osaka/27|Nagoya/名古屋@Aichi/23|Yokohama/横浜@Kanagawa/14|Kyoto/京都@Kyoto/26|Fukuoka/福岡@Fukuoka/40", "株式会社%|%株式会社|㈱%|(株)%|有限会社%|合同会社%"),
    _country("CN", "China|中国|CHN|PRC|P.R. China|People's Republic of China|中華人民共和國", "cn", "86", "zh", 4, "% Co., Ltd.|% Co.,Ltd|% Co., Limited|% Company Limited|% Group Co., Ltd.|% (Group) Co Ltd", "Beijing/北京@Beijing/11|Shanghai/上海@Shanghai/31|Shenzhen/深圳@Guangdong/44|Guangzhou/广州@Guangdong/44|Hangzhou/杭州@Zhejiang/33|Suzhou/苏州@Jiangsu/32|Qingdao/青岛@Shandong/37", "%有限公司|%股份有限公司|%集团有限公司|%有限责任公司"),
    _country("KR", "South Korea|Korea|대한민국|KOR|Republic of Korea|한국", "co.kr", "82", "ko", 1.2, "% Co., Ltd.|% Corp.|% Inc.|% Corporation", "Seoul/서울@Seoul/11|Busan/부산@Busan/26|Incheon/인천@Incheon/28", "주식회사 %|㈜%|(주)%|% 주식회사"),
    _country("RU", "Russia|Россия|RUS|Russian Federation|Российская Федерация|Russland", "ru", "7", "ru", 1.5, "OOO %|% OOO|% LLC|ZAO %|PAO %|JSC %", "Moscow/Москва@Moscow/MOW|Saint Petersburg/Санкт-Петербург@Saint Petersburg/SPE|Novosibirsk/Новосибирск@Novosibirsk/NVS|Yekaterinburg/Екатеринбург@Sverdlovsk/SVE", "ООО «%»|ООО \"%\"|АО «%»|ПАО «%»|ЗАО \"%\"|ИП %"),
    _country("UA", "Ukraine|Україна|UKR|Украина", "com.ua", "380", "ru", 0.7, "TOV %|% LLC|PJSC %", "Kyiv/Київ@Kyiv/30|Kharkiv/Харків@Kharkiv/63|Lviv/Львів@Lviv/46", "ТОВ «%»|ТОВ \"%\"|ПрАТ «%»"),
    _country("GR", "Greece|Ελλάδα|GRC|Hellas|Griechenland", "gr", "30", "el", 0.9, "% S.A.|% SA|% E.P.E.|% A.E.|% I.K.E.", "Athens/Αθήνα@Attica/I|Thessaloniki/Θεσσαλονίκη@Central Macedonia/B|Patras/Πάτρα@Western Greece/G", "% Α.Ε.|% ΑΕ|% Ε.Π.Ε.|% Ι.Κ.Ε."),
    _country("SG", "Singapore|SGP|Singapur|新加坡", "com.sg", "65", "en", 1.2, "% Pte Ltd|% Pte. Ltd.|% (S) Pte Ltd|% Private Limited", "Singapore@Singapore/SG"),
    _country("AU", "Australia|AUS|Australien|Commonwealth of Australia", "com.au", "61", "en", 2.6, "% Pty Ltd|% Pty. Ltd.|% Pty Limited|% Ltd|% (Aust) Pty Ltd", "Sydney@New South Wales/NSW|Melbourne@Victoria/VIC|Brisbane@Queensland/QLD|Perth@Western Australia/WA"),
    _country("CA", "Canada|CAN|Kanada", "ca", "1", "en", 3.2, "% Inc.|% Ltd.|% Ltée|% Corp.|% ULC|% Limited", "Toronto@Ontario/ON|Vancouver@British Columbia/BC|Montreal/Montréal@Quebec/QC|Calgary@Alberta/AB|Ottawa@Ontario/ON"),
    _country("ZA", "South Africa|ZAF|RSA|Südafrika|Suid-Afrika", "co.za", "27", "en", 0.8, "% (Pty) Ltd|% (Proprietary) Limited|% CC|% Ltd", "Johannesburg/Joburg@Gauteng/GP|Cape Town/Kaapstad@Western Cape/WC|Durban@KwaZulu-Natal/KZN"),
)
