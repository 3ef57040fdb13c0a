/**
 * Load the addon.
 *
 * @throws an Error that says where was looked, what was found and what to do.
 */
export function loadAddon(): unknown

/** The platform that runs this: `linux-x64-glibc`, `darwin-arm64`. */
export function platformKey(): string
