# ruff: noqa: E501
# fmt: off
"""How much of each mess is planted, by source, and the log of what was.

A share is of the eligible rows of that source: `wrong_duns` of those that have a DUNS, `umlaut_spelt` of those with an
umlaut. `Mess.plant` draws the rows and remembers how many were expected and got, which the tests compare.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from abm_pipeline.sandbox.company_records.arrays import Array, Rng

SOURCES = ("salesforce", "hubspot", "linkedin", "intent", "dnb", "marketo")
SALESFORCE, HUBSPOT, LINKEDIN, INTENT, DNB, MARKETO = range(len(SOURCES))

# field: share of records that have it        salesforce hubspot linkedin intent dnb   marketo
PRESENT = {
    "website":                               (0.74,      0.35,   0.88,    0.05,  0.50, 0.05),
    "domain":                                (0.18,      0.92,   0.0,     1.0,   0.15, 0.0),
    "additional_domains":                    (0.0,       0.75,   0.0,     0.25,  0.0,  0.0),
    "email_domains":                         (0.68,      0.45,   0.0,     0.0,   0.03, 0.80),
    "linkedin_id":                           (0.16,      0.40,   1.0,     0.22,  0.0,  0.02),
    "xref":                                  (0.04,      0.60,   0.0,     0.03,  0.0,  0.25),
    "phone":                                 (0.60,      0.40,   0.05,    0.05,  0.82, 0.22),
    "duns":                                  (0.17,      0.03,   0.0,     0.04,  1.0,  0.0),
    "country":                               (0.85,      0.62,   0.90,    0.80,  0.99, 0.62),
    "region":                                (0.50,      0.30,   0.40,    0.15,  0.75, 0.12),
    "city":                                  (0.62,      0.45,   0.80,    0.20,  0.97, 0.18),
    "industry":                              (0.60,      0.50,   0.97,    0.70,  0.98, 0.15),
    "employee_count":                        (0.50,      0.40,   0.93,    0.60,  0.85, 0.10),
    "parent":                                (0.45,      0.08,   0.0,     0.10,  0.70, 0.0),  # of those with a parent
}
# mess of the name                            salesforce hubspot linkedin intent dnb   marketo
NAME_SHARES = {
    "nameless":                              (0.004,     0.06,   0.0,     0.10,  0.0,  0.05),
    "placeholder_name":                      (0.002,     0.003,  0.0,     0.0,   0.0,  0.02),  # of a real company
    "email_as_name":                         (0.004,     0.004,  0.0,     0.0,   0.0,  0.012),
    "person_as_name":                        (0.005,     0.003,  0.0,     0.0,   0.0,  0.010),
    "domain_as_name":                        (0.008,     0.04,   0.0,     0.03,  0.0,  0.008),
    "former_name_beside":                    (0.10,      0.05,   0.04,    0.03,  0.05, 0.02),  # of the renamed who know
    "acquirer_beside":                       (0.10,      0.05,   0.06,    0.03,  0.03, 0.02),  # of the acquired who know
    "tagline":                               (0.002,     0.015,  0.06,    0.0,   0.0,  0.0),
    "wide_letters":                          (0.10,      0.05,   0.02,    0.0,   0.15, 0.10),  # of those with kana or kanji
    "doing_business_as":                     (0.010,     0.003,  0.0,     0.0,   0.02, 0.004),
    "wrong_legal_form":                      (0.03,      0.01,   0.002,   0.01,  0.004, 0.02),
    "dropped_word":                          (0.02,      0.012,  0.005,   0.01,  0.002, 0.04),  # of three words and more
    "abbreviated":                           (0.10,      0.03,   0.01,    0.03,  0.15, 0.12),  # of those with such a word
    "word_order":                            (0.008,     0.003,  0.0,     0.003, 0.01, 0.012),  # of two words and more
    "leading_the":                           (0.015,     0.008,  0.005,   0.0,   0.004, 0.015),
    "ampersand_or_and":                      (0.20,      0.15,   0.05,    0.20,  0.30, 0.25),  # of those with either
    "punctuation":                           (0.025,     0.012,  0.004,   0.004, 0.02, 0.02),
    "branch_city":                           (0.03,      0.008,  0.004,   0.0,   0.005, 0.01),
    "typo":                                  (0.030,     0.012,  0.002,   0.003, 0.004, 0.055),
    "joined_words":                          (0.006,     0.012,  0.003,   0.008, 0.0,  0.02),  # of two words and more
    "accents_lost":                          (0.25,      0.20,   0.05,    0.35,  0.40, 0.35),  # of those with accents
    "umlaut_spelt":                          (0.25,      0.15,   0.05,    0.20,  0.30, 0.15),  # of those with umlauts
    "wrong_encoding":                        (0.03,      0.015,  0.0,     0.01,  0.01, 0.04),  # of those with accents
    "html_entity":                           (0.05,      0.08,   0.0,     0.10,  0.0,  0.10),  # of those with &
    "trailing_note":                         (0.025,     0.004,  0.0,     0.0,   0.0,  0.0),
    "leading_note":                          (0.012,     0.002,  0.0,     0.0,   0.0,  0.0),
    "upper_case":                            (0.05,      0.015,  0.006,   0.004, 0.75, 0.035),
    "lower_case":                            (0.008,     0.015,  0.004,   0.02,  0.0,  0.13),
    "truncated":                             (0.25,      0.05,   0.0,     0.05,  0.5,  0.1),  # of those beyond 40 letters
    "stray_space":                           (0.02,      0.01,   0.004,   0.004, 0.01, 0.03),
}
# mess of the keys                            salesforce hubspot linkedin intent dnb   marketo
KEY_SHARES = {
    "name_only":                             (0.06,      0.03,   0.05,    0.0,   0.0,  0.09),
    "domain_only":                           (0.01,      0.07,   0.0,     0.12,  0.0,  0.03),
    "technical_host":                        (0.01,      0.05,   0.0,     0.03,  0.0,  0.0),  # of those with a domain
    "franchisee_page":                       (0.15,      0.0,    0.0,     0.0,   0.05, 0.0),  # of the franchises' records
    "placeholder_field":                     (0.02,      0.01,   0.0,     0.01,  0.004, 0.02),
    "builder_website":                       (0.006,     0.008,  0.012,   0.0,   0.004, 0.0),  # of those with a domain
    "linkedin_as_website":                   (0.010,     0.010,  0.0,     0.0,   0.0,  0.0),
    "competitor_domain":                     (0.004,     0.005,  0.001,   0.0,   0.002, 0.0),
    "free_mail_domain":                      (0.006,     0.010,  0.0,     0.0,   0.0,  0.0),
    "parked_domain":                         (0.002,     0.003,  0.003,   0.0,   0.001, 0.0),
    "agency_domain":                         (0.005,     0.006,  0.004,   0.0,   0.003, 0.0),
    "stranger_domain":                       (0.005,     0.004,  0.003,   0.0,   0.006, 0.0),
    "university_domain":                     (0.002,     0.002,  0.001,   0.0,   0.0,  0.0),
    "group_portal":                          (0.12,      0.08,   0.12,    0.0,   0.12, 0.0),  # of those with a parent
    "acquirer_redirect":                     (0.25,      0.20,   0.20,    0.0,   0.15, 0.0),  # of the acquired who know
    "former_domain_kept":                    (0.25,      0.15,   0.08,    0.0,   0.15, 0.0),  # of the renamed who know
    "domain_typo":                           (0.006,     0.003,  0.001,   0.0,   0.002, 0.0),
    "stray_contacts":                        (0.22,      0.15,   0.0,     0.0,   0.0,  0.12),  # of those with addresses
    "free_mail_contacts":                    (0.15,      0.12,   0.0,     0.0,   0.0,  0.10),
    "provider_mail":                         (0.025,     0.02,   0.0,     0.0,   0.0,  0.03),
    "group_mail":                            (0.35,      0.25,   0.0,     0.0,   0.0,  0.25),  # of those with a parent
    "agency_mail":                           (0.015,     0.01,   0.0,     0.0,   0.0,  0.01),
    "phone_placeholder":                     (0.03,      0.015,  0.0,     0.0,   0.002, 0.08),
    "agency_phone":                          (0.02,      0.02,   0.0,     0.0,   0.02, 0.005),
    "shared_office_phone":                   (0.008,     0.006,  0.0,     0.0,   0.012, 0.004),
    "stranger_phone":                        (0.004,     0.004,  0.0,     0.0,   0.003, 0.01),
    "duns_placeholder":                      (0.05,      0.05,   0.0,     0.02,  0.0,  0.0),
    "duns_typo":                             (0.012,     0.01,   0.0,     0.0,   0.0,  0.0),
    "duns_of_stranger":                      (0.015,     0.02,   0.0,     0.015, 0.0,  0.0),
    "duns_of_parent":                        (0.12,      0.10,   0.0,     0.10,  0.0,  0.0),  # of those with a parent
    "duns_of_head_office":                   (0.25,      0.25,   0.0,     0.3,   0.0,  0.0),  # of the other entities
    "linkedin_of_parent":                    (0.08,      0.10,   0.0,     0.08,  0.0,  0.05),  # of those with a parent
    "linkedin_of_stranger":                  (0.015,     0.02,   0.0,     0.01,  0.0,  0.05),
    "linkedin_placeholder":                  (0.02,      0.005,  0.0,     0.0,   0.0,  0.0),
    "xref_wrong":                            (0.02,      0.03,   0.0,     0.02,  0.0,  0.03),
    "xref_stale":                            (0.02,      0.03,   0.0,     0.0,   0.0,  0.03),
    "xref_to_acquirer":                      (0.10,      0.10,   0.0,     0.0,   0.0,  0.08),  # of the acquired who know
    "parent_wrong":                          (0.03,      0.05,   0.0,     0.02,  0.015, 0.0),  # of those that say a parent
    "parent_by_name":                        (0.0,       0.5,    0.0,     1.0,   0.35, 0.0),
    "parent_is_self":                        (0.02,      0.02,   0.0,     0.0,   0.03, 0.0),
    "country_placeholder":                   (0.01,      0.005,  0.0,     0.0,   0.0,  0.015),
    "country_of_head_office":                (0.10,      0.20,   0.0,     0.5,   0.0,  0.10),  # of the other entities
    "country_wrong":                         (0.015,     0.02,   0.005,   0.02,  0.002, 0.03),
}
SHARES = NAME_SHARES | KEY_SHARES
# Records about nothing, as a share of a source's records about companies; each is an account of its own.
JUNK = (0.025, 0.03, 0.002, 0.004, 0.0, 0.14)


@dataclass
class Mess:
    """Draws rows for each mess and logs expected and planted counts."""

    rng: Rng
    record: Array
    source: Array
    log: dict[str, tuple[float, float, int]] = field(default_factory=dict)

    def plant(self, mess: str, among: Array | None = None) -> Array:
        """Rows that get the mess, of those `among` (bool; all if None)."""
        chance = np.array(SHARES[mess])[self.source]
        if among is not None:
            chance = np.where(among, chance, 0)
        rows = np.flatnonzero(self.rng.random(len(chance)) < chance)
        self.log[mess] = (float(chance.sum()), float((chance * (1 - chance)).sum()), len(rows))
        return rows

    def present(self, name: str) -> Array:
        """Which rows have the field at all, bool; both versions of a record have it or neither."""
        chance = self.rng.random(int(self.record.max()) + 1)[self.record]
        return chance < np.array(PRESENT[name])[self.source]
