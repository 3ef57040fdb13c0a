import { basename, dirname } from 'node:path'
import type { PackedFileInfo } from '../packed/index.js'

/** The footer key that lists the field ids of every group of a segment. */
export const GROUP_KEY = 'group_field_id_list'

/** A column group of which no file is there. */
export interface MissingGroup {
  /** Position in `group_field_id_list`. */
  group: number
  /** Groups of the segment. */
  groups: number
  fieldIds: number[]
  /** Where it is by the names of the other files; undefined where these have names of their own. */
  path: string | undefined
}

/** Groups that the footers name and that no file is of. */
export function missingGroups(infos: readonly PackedFileInfo[]): MissingGroup[] {
  const list = infos[0]?.metadata.get(GROUP_KEY)
  const isKnown = infos.every((info) => info.group >= 0 && info.metadata.get(GROUP_KEY) === list)
  if (list === undefined || !isKnown) return []
  const ids = list.split(';').map((fields) => fields.split(',').map(Number))
  const found = new Set(infos.map(({ group }) => group))
  return ids.flatMap((fieldIds, group) =>
    found.has(group)
      ? []
      : [{ group, groups: ids.length, fieldIds, path: pathOf(group, ids, infos) }],
  )
}

/** What is wrong then, groups counted as `packed inspect` does. */
export function missingText({ group, groups, fieldIds }: MissingGroup): string {
  const fields = `${fieldIds.length === 1 ? 'field' : 'fields'} ${fieldIds.join(', ')}`
  return `Expected column group ${group} (${fields}), one of ${groups}, but received no file of it`
}

type Naming = (path: string) => [folder: string, name: string, rest: string]

/** `seg/102`, and `…/102/<log>` as Milvus has it. */
const NAMINGS: readonly Naming[] = [
  (path) => [dirname(path), basename(path), ''],
  (path) => [dirname(dirname(path)), basename(dirname(path)), '/'],
]

/** Files are named by group id: 0, or the field that a group is for. */
function pathOf(
  group: number,
  ids: readonly (readonly number[])[],
  infos: readonly PackedFileInfo[],
): string | undefined {
  const nameOf = (index: number): string | undefined => {
    if (index === 0) return ids[0]!.length === 1 ? undefined : '0'
    return ids[index]!.length === 1 ? String(ids[index]![0]) : undefined
  }
  const wanted = nameOf(group)
  if (wanted === undefined) return undefined
  for (const naming of NAMINGS) {
    const isNamed = infos.every((info) => {
      const [, name] = naming(info.path)
      return name === (nameOf(info.group) ?? '0')
    })
    const [folder, , rest] = naming(infos[0]!.path)
    if (isNamed) return `${folder === '.' ? '' : `${folder}/`}${wanted}${rest}`
  }
  return undefined
}
