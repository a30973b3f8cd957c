import os
import sys

# Bytecode is kept, whatever the shell says: else each process of ours compiles its imports anew.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
sys.dont_write_bytecode = False
