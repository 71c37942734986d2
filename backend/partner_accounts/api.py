"""Partners over HTTP: the public list, and a partner's own keys."""

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody, Parameter
from litestar.status_codes import HTTP_204_NO_CONTENT

from backend.ledger.messages import Month
from backend.partner_accounts import keys, service
from backend.partner_accounts.messages import NewPartnerKey, PartnerKey, PartnerKeys, PartnerPage, PublishedKey
from backend.partner_accounts.problems import KEY_INVALID, KEY_PROOF_INVALID, KEY_USED, LAST_KEY, TOO_MANY_KEYS
from backend.platform.cursors import DEFAULT_LIMIT, Cursor, Limit
from backend.platform.http.inputs import ThePlatform, TheSigner
from backend.platform.http.operation import operation
from backend.platform.problems import BAD_CURSOR, NOT_FOUND
from backend.platform.roles import Permission

_MAXIMUM_REQUEST = 4096

# Codes of scenes and districts: PostgreSQL text takes no NUL, so the shape is checked at the door.
_CODE = r"^[a-z][a-z-]{0,39}(?!\n)$"
SceneCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="场景 scene")]
DistrictCode = Annotated[str | None, Parameter(pattern=_CODE, max_length=40, description="区县 district")]


@get(
    "/v1/partners",
    **operation(
        Permission.PUBLIC_READ,
        "合作商户 Partners",
        "在服务中的商户、门店与权益，可按场景和区县筛选。The live partners with stores and benefits. One database round trip.",
        raises=(BAD_CURSOR,),
        answer={
            "partners": [
                {
                    "id": "0193a1c0-0000-7000-8000-000000000010",
                    "name": "桃花市图书馆",
                    "name_en": "Taohua City Library",
                    "scenes": ["library"],
                    "stores": [{"id": "0193a1c0-0000-7000-8000-000000000011", "name": "总馆", "district": "taoyuan"}],
                    "benefits": ["library-deposit-waiver"],
                }
            ],
            "next": None,
        },
    ),
)
async def list_partners(
    platform: ThePlatform,
    scene: SceneCode = None,
    district: DistrictCode = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PartnerPage:
    return await service.listing(platform, scene, district, cursor, limit)


_KEY = {
    "key_id": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "algorithm": "ed25519",
    "registered_at": "2026-11-23T08:00:00Z",
    "status_index": 815,
}
KeyId = Annotated[str, Parameter(pattern=r"^[A-Za-z0-9_-]{43}(?!\n)$", max_length=43, description="密钥编号 key id")]


@get(
    "/v1/partner/keys",
    **operation(
        Permission.PARTNER_KEYS,
        "本商户的密钥 Own keys",
        "在用的签名公钥，最多两把。The public keys in use, two at most. One database round trip and one of the cache.",
        answer={"keys": [_KEY]},
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def list_keys(platform: ThePlatform, signer: TheSigner) -> PartnerKeys:
    return PartnerKeys(await keys.of_partner(platform, signer.owner_id))


@post(
    "/v1/partner/keys",
    **operation(
        Permission.PARTNER_KEYS,
        "登记新密钥 Register a key",
        "由在用密钥签署本请求，并由新密钥证明持有；同一把重复登记不变。"
        "Signed by a key in use, with a proof by the new one; the same key again changes nothing. "
        "Eight database round trips and one of the cache.",
        raises=(KEY_INVALID, KEY_PROOF_INVALID, KEY_USED, TOO_MANY_KEYS),
        example={
            "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            "created": 1790000000,
            "proof": "A" * 86,
        },
        answer=_KEY,
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def register_key(platform: ThePlatform, signer: TheSigner, data: JSONBody[NewPartnerKey]) -> PartnerKey:
    return await keys.register(platform, signer, data)


@delete(
    "/v1/partner/keys/{key_id:str}",
    status_code=HTTP_204_NO_CONTENT,
    **operation(
        Permission.PARTNER_KEYS,
        "吊销密钥 Revoke a key",
        "立即停用本商户的一把密钥，不能恢复；最后一把不能自行吊销。"
        "Takes a key of one's own out of use at once and for good; the last one only the operator. "
        "Six database round trips, two more with a webhook, and one of the cache.",
        raises=(NOT_FOUND, LAST_KEY),
        maximum_body=_MAXIMUM_REQUEST,
    ),
)
async def revoke_key(platform: ThePlatform, signer: TheSigner, key_id: FromPath[KeyId]) -> None:
    await keys.revoke(platform, signer, key_id)


@get(
    "/v1/partner-keys/{key_id:str}",
    **operation(
        Permission.PUBLIC_READ,
        "商户公钥及状态位 A partner's key",
        "凭签名中的密钥编号查询：公钥、属于哪家商户、在状态列表 `partner-keys` 中的位置。For whoever holds something that a partner signed: whose key it is, the key, "
        "and its place in the status list. Two database round trips.",
        raises=(NOT_FOUND,),
        answer={
            **_KEY,
            "partner_id": "0193a1c0-0000-7000-8000-000000000010",
            "partner": "桃花市图书馆",
            "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            "revoked_at": None,
            "status_list": "https://xinyi.example/v1/status-lists/partner-keys",
        },
    ),
)
async def published_key(platform: ThePlatform, key_id: FromPath[KeyId]) -> PublishedKey:
    return await keys.published(platform, key_id)


@get(
    "/v1/partner/statements/{month:str}/pdf",
    media_type="application/pdf",
    **operation(
        Permission.PARTNER_STATEMENTS,
        "结算单 PDF A statement on paper",
        "归档用：期初、变动、期末、CSV 的 SHA-256 与平台签名。For filing: movements, sums, the digest of the CSV and the signature. "
        "Three database round trips.",
        raises=(NOT_FOUND,),
        answer="%PDF-1.4",
    ),
)
async def get_statement_pdf(platform: ThePlatform, signer: TheSigner, month: FromPath[Month]) -> Response[bytes]:
    return Response(
        await service.statement_on_paper(platform, signer.owner_id, month),
        headers={
            "Content-Type": "application/pdf",
            "Content-Disposition": f'attachment; filename="statement-{month}.pdf"',
        },
    )


HANDLERS = (list_partners, list_keys, register_key, revoke_key, published_key, get_statement_pdf)
