#Requires -Version 7.6
<#
.SYNOPSIS
    A proxy that knows some host names, and leads each to a server of the tests: so examples are run with the names that they are written with.
.DESCRIPTION
    Runs until its job is stopped. Only CONNECT is answered; every other host gets 502, so nothing leaves this computer.
#>
param([string] $Address, [Collections.IDictionary] $Targets)

$ErrorActionPreference = 'Stop'
$listener = [Net.Sockets.TcpListener]::new([Net.IPEndPoint]::Parse($Address))
$listener.Start()
$lines = [Collections.Generic.List[object]]::new()
$buffer = [byte[]]::new(8192)

function Connect-Line([Net.Sockets.TcpClient] $Near) {
    $stream = $Near.GetStream()
    $request = ''
    while (-not $request.Contains("`r`n`r`n")) {
        $count = $stream.Read($buffer)
        if ($count -eq 0) { $Near.Dispose(); return }
        $request += [Text.Encoding]::ASCII.GetString($buffer, 0, $count)
    }
    $target = $request -match '^CONNECT ([^:\s]+):443 ' ? $Targets[$Matches[1]] : $null
    $stream.Write([Text.Encoding]::ASCII.GetBytes($target ? "HTTP/1.1 200 OK`r`n`r`n" : "HTTP/1.1 502 Bad Gateway`r`nContent-Length: 0`r`n`r`n"))
    if (-not $target) { $Near.Dispose(); return }
    $name, $port = $target -split ':'
    $far = [Net.Sockets.TcpClient]::new($name, [int]$port)
    $far.NoDelay = $true
    $line = @{ Ends = $Near, $far; Tasks = @($stream.CopyToAsync($far.GetStream()); $far.GetStream().CopyToAsync($stream)) }
    $lines.Add($line)
}

try {
    $waiting = $listener.AcceptTcpClientAsync()
    while ($true) {
        if ($waiting.Wait(200)) {
            $near = $waiting.Result
            $near.NoDelay = $true
            $waiting = $listener.AcceptTcpClientAsync()
            Connect-Line $near
        }
        # whichever side leaves, the other is told
        foreach ($line in @($lines.Where{ $_.Tasks.IsCompleted -contains $true })) {
            $line.Ends.ForEach{ $_.Dispose() }
            $null = $lines.Remove($line)
        }
    }
}
finally {
    $listener.Stop()
    $lines.ForEach{ $_.Ends.ForEach{ $_.Dispose() } }
}
