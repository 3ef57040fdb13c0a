import {
  type CollectionSchema,
  createCollectionSchema,
  type FieldInit,
  type FieldSchema,
} from '../../lib/schema/index.js'

/** The primary key of the collections here. */
export const ID: FieldInit = { name: 'id', dataType: 'Int64', isPrimaryKey: true }

/** A collection "docs" of the primary key "id" and `fields`. */
export function collection(...fields: FieldInit[]): CollectionSchema {
  return createCollectionSchema({ name: 'docs', fields: [ID, ...fields] })
}

/** A field "x" that is not the primary key. */
export function fieldX(init: Omit<FieldInit, 'name'>): FieldSchema {
  return collection({ name: 'x', ...init }).fields[1]!
}

/** Nullable text and tags, a price with a default value, a vector "v", a dynamic field. */
export const DOCUMENTS = createCollectionSchema({
  name: 'docs',
  enableDynamicField: true,
  fields: [
    ID,
    { name: 'title', dataType: 'VarChar', maxLength: 99, nullable: true },
    { name: 'price', dataType: 'Float', defaultValue: 9.5 },
    {
      name: 'tags',
      dataType: 'Array',
      elementType: 'VarChar',
      maxCapacity: 9,
      maxLength: 9,
      nullable: true,
    },
    { name: 'v', dataType: 'FloatVector', dim: 2 },
    { name: '$meta', dataType: 'JSON', isDynamic: true },
  ],
})
