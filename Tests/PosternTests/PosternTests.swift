// Postern
