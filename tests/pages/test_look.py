from pathlib import Path
OUT=Path("/tmp/shots"); OUT.mkdir(exist_ok=True)
async def test_look(resident_page, till_page, delivery):
    page=resident_page.page
    await page.wait_for_selector("#view-sign-in:not([hidden])")
    await page.screenshot(path=OUT/"01.png")
    await page.fill("#phone","19912345678"); await page.click("#phone-form [type=submit]")
    await page.wait_for_selector("#code-form:not([hidden])")
    await page.screenshot(path=OUT/"02.png")
    await page.fill("#code", delivery.codes["19912345678"]); await page.click("#code-form [type=submit]")
    await page.wait_for_selector("#view-identity:not([hidden])")
    await page.fill("#name","张三"); await page.fill("#identity-number","000000199001010018")
    await page.screenshot(path=OUT/"03.png")
    await page.click("#identity-form [type=submit]")
    await page.wait_for_selector("#view-consents:not([hidden]) .consent")
    await page.screenshot(path=OUT/"04.png", full_page=True)
    print(resident_page.complaints)
    await till_page.page.screenshot(path=OUT/"t1.png")
    print(till_page.complaints)
