@echo off
setlocal
chcp 65001 >nul
cd /d "%~dp0"
set "PYTHONUTF8=1"
set "PY="
if exist ".venv\Scripts\python.exe" set "PY=.venv\Scripts\python.exe"
if not defined PY py -3 -c "import sys" >nul 2>nul && set "PY=py -3"
if not defined PY python -c "import sys" >nul 2>nul && set "PY=python"
if not defined PY (echo Python 3.11+ not found. Install it and run START.bat again. & set "RC=5" & goto end)
%PY% restart.py %*
set "RC=%ERRORLEVEL%"
:end
if not defined MTRADE_NOPAUSE (echo %cmdcmdline% | find /i "/c" >nul && pause)
exit /b %RC%
