"""Starts a kernel as Colab does (`python -m colab_kernel_launcher -f FILE`): google.colab is imported first."""

import google.colab  # noqa: F401
from ipykernel import kernelapp

if __name__ == "__main__":
    kernelapp.launch_new_instance()
