// The rooms of lib/ and the one direction in which they may import each other.
const order = [
  ['cli'],
  ['ingest'],
  ['sync'],
  ['segment'],
  ['binlog', 'manifest'],
  ['packed', 'data'],
  ['schema', 'codec', 'storage'],
  ['cdata'],
  ['native'],
  ['config', 'telemetry'],
  ['errors'],
]

const inRooms = (rooms) => `^lib/(${rooms.join('|')})/`

/** A floor may import the floors right of it; a room on the same floor only itself. */
const oneWay = order.flatMap((rooms, floor) => {
  const left = order.slice(0, floor).flat()
  return rooms.map((room) => ({
    name: `one-way-${room}`,
    comment: `${room} may only import rooms right of it in the order of CONTRIBUTING.md`,
    severity: 'error',
    from: { path: inRooms([room]) },
    to: { path: inRooms([...left, ...rooms.filter((other) => other !== room)]) },
  }))
})

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: 'known-rooms',
      comment: 'a folder of lib/ needs a place in the order above',
      severity: 'error',
      from: {},
      to: { path: '^lib/[^/]+/', pathNot: inRooms(order.flat()) },
    },
    {
      name: 'one-door',
      comment: 'a room is entered through its index.ts; native also has its contract, addon.ts',
      severity: 'error',
      from: { path: '^lib/([^/]+)/' },
      to: {
        path: '^lib/[^/]+/',
        pathNot: ['^lib/$1/', '^lib/[^/]+/index\\.ts$', '^lib/native/addon\\.ts$'],
      },
    },
    {
      name: 'one-door-of-the-package',
      comment: 'lib/index.ts and the tests of the public API see rooms by their doors',
      severity: 'error',
      from: { path: '^lib/[^/]+\\.ts$' },
      to: { path: '^lib/[^/]+/', pathNot: '^lib/[^/]+/index\\.ts$' },
    },
    {
      name: 'nothing-above',
      comment: 'rooms do not import the package entry, tests or examples',
      severity: 'error',
      from: { path: '^lib/[^/]+/' },
      to: { path: '^(lib/[^/]+\\.ts$|test/|examples/|bench/|scripts/)' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'declared-dependencies',
      comment: 'the library only imports what package.json declares for its users',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Peers, which the tests have as development dependencies.
        pathNot: ['apache-arrow', '@azure/storage-blob', '@google-cloud/storage'],
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.d.cts', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
}
