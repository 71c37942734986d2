from pathlib import Path
import json
OUT=Path("/tmp/shots"); OUT.mkdir(exist_ok=True)
def reply(data, status=200, ct="application/json"):
    async def handle(route):
        await route.fulfill(status=status, content_type=ct, body=json.dumps(data))
    return handle
T={"access_token":"x","refresh_token":"y"*30,"expires_in":900,"roles":["clerk"]}
async def test_tillx(till_page):
    page=till_page.page
    await page.route("**/v1/sign-in", reply(T))
    await page.route("**/v1/till", reply({"partner":"桃花书店","store":"老街店","terminal":"一号收银台","benefits":[
      {"id":"books-discount","scene":"shopping","kind":"discount","unit":"permille","name":{"zh":"图书折扣","en":"Books discount"},"description":{"zh":"现场减免，按等级递增。","en":""},"cap_fen":20000},
      {"id":"parking","scene":"parking","kind":"free-time","unit":"minutes","name":{"zh":"先离场后付费","en":"Leave first"},"description":{"zh":"现场。","en":""},"cap_fen":None}]}))
    await page.fill("#phone","19912345678"); await page.click("#phone-form [type=submit]")
    await page.fill("#code", "123456"); await page.click("#code-form [type=submit]")
    await page.wait_for_selector("#view-till:not([hidden])")
    await page.screenshot(path=OUT/"t2.png")
    ver={"verification_id":"0193a1c0-0000-7000-8000-000000000020","benefit":"books-discount","result":"eligible","tier":{"unit":"permille","value":"000000000100"},"expires_at":"2026-11-23T08:15:00Z"}
    await page.route("**/v1/till/verifications", reply(ver,201))
    await page.fill("#amount","128.50"); await page.fill("#digits","1234 5678")
    await page.click("#till-form [type=submit]")
    await page.wait_for_selector("#result[open]")
    await page.screenshot(path=OUT/"t3.png")
    await page.route("**/v1/till/redemptions", reply({},201))
    await page.click("#redeem")
    await page.wait_for_selector("#result[data-kind=redeemed]")
    await page.screenshot(path=OUT/"t4.png")
    await page.click("#next")
    await page.route("**/v1/till/verifications", reply({**ver,"result":"declined","tier":{"unit":"permille","value":"000000000000"}},201))
    await page.fill("#amount","128.50"); await page.fill("#digits","1234 5678")
    await page.click("#till-form [type=submit]")
    await page.wait_for_selector("#result[data-kind=declined]")
    await page.screenshot(path=OUT/"t5.png")
    await page.click("#next")
    await page.route("**/v1/till/verifications", reply({"code":"code-stale","status":422,"title":"诚信码已过时","detail":"截图和旧码无效，请持码人出示屏幕上的当前码。"},422,"application/problem+json"))
    await page.fill("#amount","128.50"); await page.fill("#digits","1234 5678")
    await page.click("#till-form [type=submit]")
    await page.wait_for_selector("#result[data-kind=refused]")
    await page.screenshot(path=OUT/"t6.png")
    await page.click("#next")
    await page.fill("#digits","1234 5678")
    await page.click("#till-form [type=submit]")
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=OUT/"t7.png")
    print(till_page.complaints)
