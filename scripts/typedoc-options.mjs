/**
 * A plugin of typedoc: every member of an interface that a caller fills (its name ends in Options,
 * Init or Config, or it has Addresses of C structs) needs a docstring. typedoc's own validation
 * asks for those of all properties or of none, and what `rows` of a result is needs none.
 */
import { Application, ReflectionKind } from 'typedoc'

const FILLED = /(Options|Init|Config|CData)$/

/** @param {Application} app */
export function load(app) {
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      if (!FILLED.test(property.parent?.name ?? '') || property.hasComment()) continue
      // Restated by a type that picks or omits it: the docstring is there.
      if (property.inheritedFrom !== undefined) continue
      app.logger.validationWarning(`${property.getFullName()} has no docstring`)
    }
  })
}
