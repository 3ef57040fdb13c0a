/** An Arrow that does not fit is refused in one sentence before anything is compiled. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const WHEEL = join(ROOT, 'build/arrow/26.0.1/pyarrow')

interface Stub {
  /** Version in the headers. */
  version?: [number, number, number]
  /** Version in the soname. */
  so?: number
  cxx11Abi?: boolean
  parquetHeaders?: boolean
}

/** Headers and libraries that have of Arrow only what the check looks at. */
function stubArrow(home: string, stub: Stub): void {
  const { version = [26, 0, 1], so = 2600, cxx11Abi = true, parquetHeaders = true } = stub
  const write = (path: string, text: string) => {
    mkdirSync(join(home, path, '..'), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  const parts = ['MAJOR', 'MINOR', 'PATCH']
  const defines = parts.map((part, i) => `#define ARROW_VERSION_${part} ${version[i]}\n`)
  write('include/arrow/util/config.h', defines.join(''))
  if (parquetHeaders) write('include/parquet/api/writer.h', '')
  write(
    'status.cc',
    `#include <string>
    namespace arrow { struct Status { std::string ToString() const; }; }
    std::string arrow::Status::ToString() const { return {}; }`,
  )
  for (const name of ['arrow', 'parquet']) {
    execFileSync('g++', [
      '-shared',
      '-fPIC',
      `-D_GLIBCXX_USE_CXX11_ABI=${cxx11Abi ? 1 : 0}`,
      `-Wl,-soname,lib${name}.so.${so}`,
      '-o',
      join(home, `lib${name}.so`),
      join(home, 'status.cc'),
    ])
  }
}

/** Run the check alone; its output with line breaks and indentation folded. */
function check(include: string, arrowLib: string, parquetLib: string) {
  const run = spawnSync(
    'cmake',
    [
      `-DARROW_INCLUDE=${include}`,
      `-DARROW_LIB=${arrowLib}`,
      `-DPARQUET_LIB=${parquetLib}`,
      '-P',
      join(ROOT, 'cmake/CheckArrow.cmake'),
    ],
    { encoding: 'utf8' },
  )
  return { status: run.status, output: `${run.stdout}${run.stderr}`.replace(/\s+/g, ' ') }
}

describe('Arrow set-up', () => {
  const directory = temporaryDirectory('arrow')
  let homes = 0

  function checkStub(stub: Stub) {
    const home = join(directory, String(homes++))
    stubArrow(home, stub)
    const [include, arrow, parquet] = ['include', 'libarrow.so', 'libparquet.so'].map((path) =>
      join(home, path),
    )
    return check(include!, arrow!, parquet!)
  }

  test('the pinned wheel fits', () => {
    const [arrow, parquet] = ['libarrow', 'libparquet'].map((lib) => join(WHEEL, `${lib}.so.2600`))
    const { status, output } = check(join(WHEEL, 'include'), arrow!, parquet!)
    expect(output).toContain('Arrow 26.0.1 fits')
    expect(status).toBe(0)
  })

  test('a stub with everything the check asks for fits', () => {
    expect(checkStub({})).toMatchObject({ status: 0 })
    expect(checkStub({ version: [27, 1, 0], so: 2701 })).toMatchObject({ status: 0 })
  })

  test('an older version is named', () => {
    const { status, output } = checkStub({ version: [21, 0, 0], so: 2100 })
    expect(output).toMatch(/Expected Arrow C\+\+ 22 or later but .*include holds 21\.0\.0\./)
    expect(status).not.toBe(0)
  })

  test('headers of one version over libraries of another are refused', () => {
    const { status, output } = checkStub({ so: 2700 })
    expect(output).toMatch(/library of Arrow 26\.0\.1, .* has soname version "2700"\./)
    expect(status).not.toBe(0)
  })

  test('a library with the old ABI of libstdc++ is refused', () => {
    const { status, output } = checkStub({ cxx11Abi: false })
    expect(output).toMatch(/Expected .*libarrow\.so to be built with the C\+\+11 ABI/)
    expect(status).not.toBe(0)
  })

  test('an Arrow without Parquet is refused', () => {
    const { status, output } = checkStub({ parquetHeaders: false })
    expect(output).toMatch(/Expected Arrow C\+\+ with Parquet but .*writer\.h is missing\./)
    expect(status).not.toBe(0)
  })
})
