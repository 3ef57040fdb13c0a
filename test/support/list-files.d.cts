export function listFiles(directory: string): string[]
