// Puts the native packages of other platforms beside those of this one, so that `npm pack` bundles
// all of them: npm itself installs what fits the machine it runs on.
//
//   node scripts/platform-packages.mjs linux-arm64-glibc linux-x64-musl darwin-arm64
//
// Versions are those of package-lock.json. Installs nothing else and changes no file of the checkout.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))

/** A package names what it is for; one that names no libc has the code of both. */
function fits({ os = [], cpu = [], libc }, platform) {
  const [system, processor, itsLibc] = platform.split('-')
  if (!os.includes(system) || !cpu.includes(processor)) return false
  return libc === undefined || itsLibc === undefined || libc.includes(itsLibc)
}

const platforms = process.argv.slice(2)
for (const platform of platforms) {
  if (/^[a-z]+\d*-[a-z\d]+(-(glibc|musl))?$/.test(platform)) continue
  throw new Error(`Expected a platform such as linux-arm64-glibc but received ${platform}`)
}
for (const [path, entry] of Object.entries(packages)) {
  const isRuntime = entry.inBundle === true || (entry.optional === true && entry.dev !== true)
  if (!isRuntime || !platforms.some((platform) => fits(entry, platform))) continue
  const folder = join(ROOT, path)
  if (existsSync(folder)) continue
  const spec = `${path.slice('node_modules/'.length)}@${entry.version}`
  const work = mkdtempSync(join(ROOT, 'build', 'platform-'))
  try {
    const npm = ['pack', '--loglevel=error', '--pack-destination', work, spec]
    const file = execFileSync('npm', npm, { encoding: 'utf8', stdio: 'pipe' }).trim()
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['xzf', join(work, file), '-C', folder, '--strip-components=1'])
    console.log(`added ${spec}`)
  } catch (error) {
    // The rest is tried all the same: a list of all that is missing helps more than the first one.
    console.error(`Expected to fetch ${spec} but received ${error.stderr || error.message}`)
    process.exitCode = 1
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
