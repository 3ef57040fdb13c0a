import { open } from 'node:fs/promises'

/** Force the names in a folder to the disk: a new file is only there when its name is. */
export async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
