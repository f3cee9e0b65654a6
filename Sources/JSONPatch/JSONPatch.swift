// JSONPatch
