# (see the folder's files)
