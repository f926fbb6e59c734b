"""Files that belong to tickets: what is taken, under which name, and where it lies.

No virus scanner looks at them: nothing here opens or runs what it keeps, and what is sent out
goes as a file to be saved. A bank that wants a scanner puts it before the mail server and on the
desks.
"""
