/**
 * Load the addon.
 *
 * @throws an Error that says where was looked, what was found and what to do.
 */
export function loadAddon(): unknown
