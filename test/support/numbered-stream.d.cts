export const SOURCES: number
export function sourceOf(number: number): string
export function titleOf(number: number, key: number): string
export function deletesOf(number: number): number[]
export function keysOf(number: number): number[]
export function rowsAfter(end: number): Map<number, string>
