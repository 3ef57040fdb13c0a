// Tests run the TypeScript of lib/ as CommonJS, over the addon in build/Release.
// What the SDK says about versions of Node to come, in every test file otherwise.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  moduleNameMapper: {
    '^arrow-packed$': '<rootDir>/lib/index.ts',
    '^arrow-packed/cdata$': '<rootDir>/lib/cdata/public.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 60_000,
  // The packed suite on an object store (see the file).
  setupFilesAfterEnv: process.env.ARROW_PACKED_TEST_STORE
    ? ['<rootDir>/test/support/remote-suite.ts']
    : [],
}
