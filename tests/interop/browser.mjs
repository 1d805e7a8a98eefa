// A real browser, which opens an address, signs in and consents, as a user would: whatever the pages ask for.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [executablePath, address] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'graph-action-'));
const browser = await chromium.launchPersistentContext(profile, {
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  executablePath,
});
const page = await browser.newPage();
await page.goto(address);
for (;;) {
  const text = await page.textContent('body');
  if (/success|return to the program/i.test(text)) {
    console.log(text.trim());
    break;
  }
  if (await page.locator('input[name=login]').count()) {
    await page.fill('input[name=login]', 'adele');
    await page.fill('input[name=password]', 'her password');
  }
  await Promise.all([page.waitForNavigation(), page.locator('button[type=submit]').first().click()]);
}
await browser.close();
