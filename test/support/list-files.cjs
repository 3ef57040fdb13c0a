const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

/**
 * Every file below a directory, hidden and partial ones too; none where there is no directory.
 *
 * Writers that are dropped or cut off remove their directories whenever they come to it: where
 * one goes away while it is listed, the list is made anew.
 */
function listFiles(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return existsSync(directory) ? listFiles(directory) : []
  }
}

module.exports = { listFiles }
