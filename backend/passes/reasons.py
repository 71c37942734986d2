"""Why there is no pass, in plain words, for the holder alone; what eligibility says is said by the market."""

from partners.benefits.terms import Text

ENOUGH_TODAY = Text(
    "今日该权益的离线凭证已领完，明日可再领；联网出示诚信码不受影响",
    "No more offline passes of this benefit today; showing the code with a network works as before",
)
CONSENT_ENDS = Text(
    "您的同意将在凭证有效期内到期，续签同意后即可领取",
    "Your consent ends while the pass would still be good; renew it and fetch again",
)
DEVICE_STOPPED = Text(
    "本机的一张离线凭证在两处被受理，正在由工作人员核查；核查期间本机暂不发放离线凭证，联网出示诚信码与其他一切服务不受影响",
    "A pass of this phone was accepted in two places and people are looking into it; until then this phone gets no offline "
    "passes. Showing the code with a network and everything else works as before",
)
