/** `true` exactly when both types are the same, `any` told apart from everything else. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only for `true`. */
export function expectType<_Fact extends true>(): void {}
